-- Domains that imitate a protected one, and who wrote to or from them.
-- The table lookalike_domains is made of the archive's distinct domains before the question is asked (`--protect`).
-- Columns: domain, protected, family, distance; first, last, received, sent, recipients (of ours, distinct), bytes.
SELECT
    l.domain, l.protected, l.family, l.distance,
    MIN(e.time) AS first,
    MAX(e.time) AS last,
    COUNT(*) FILTER (WHERE e.sender_domain = l.domain) AS received,
    COUNT(*) FILTER (WHERE e.recipient_domain = l.domain) AS sent,
    COUNT(DISTINCT CASE WHEN e.sender_domain = l.domain THEN e.recipient END) AS recipients,
    SUM(e.size) AS bytes
FROM (
    SELECT event_id, time, size, sender_domain, recipient_domain, recipient, sender_domain AS domain FROM records
    UNION ALL
    SELECT event_id, time, size, sender_domain, recipient_domain, recipient, recipient_domain AS domain FROM records
    WHERE recipient_domain <> sender_domain OR sender_domain IS NULL
) AS e
JOIN lookalike_domains AS l ON e.domain = l.domain
GROUP BY l.domain, l.protected, l.family, l.distance
ORDER BY received DESC, sent DESC, l.domain

-- Domains that imitate a protected one, and how much mail there was with them on a day. A domain that has been seen for 30 days
-- is known: it was raised then, or it is a partner whose name happens to be alike.
-- The table lookalike_domains is made of the archive's distinct domains before (`--protect`).
-- Columns: day, domain, protected, family, distance; first (day), received, sent, recipients (of ours, distinct), bytes.
WITH mail AS (
    SELECT day, size, sender_domain, recipient_domain, recipient, sender_domain AS domain FROM records
    UNION ALL
    SELECT day, size, sender_domain, recipient_domain, recipient, recipient_domain AS domain FROM records
    WHERE recipient_domain <> sender_domain OR sender_domain IS NULL
),
alike AS (
    SELECT m.day, m.size, m.sender_domain, m.recipient_domain, m.recipient, l.domain, l.protected, l.family, l.distance
    FROM mail AS m JOIN lookalike_domains AS l ON m.domain = l.domain
),
begun AS (SELECT domain, MIN(day) AS first FROM alike GROUP BY domain)
SELECT
    a.day, a.domain, a.protected, a.family, a.distance, b.first,
    COUNT(*) FILTER (WHERE a.sender_domain = a.domain) AS received,
    COUNT(*) FILTER (WHERE a.recipient_domain = a.domain) AS sent,
    COUNT(DISTINCT CASE WHEN a.sender_domain = a.domain THEN a.recipient END) AS recipients,
    SUM(a.size) AS bytes
FROM alike AS a JOIN begun AS b ON a.domain = b.domain
WHERE a.day >= CAST($since AS DATE) AND a.day < b.first + INTERVAL '30 days'
GROUP BY a.day, a.domain, a.protected, a.family, a.distance, b.first
ORDER BY received DESC, sent DESC, a.day, a.domain

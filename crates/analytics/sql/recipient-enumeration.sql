-- Who tries out addresses: many recipients of ours that do not exist, from one sender's domain in one hour.
-- Columns: hour, domain; failed and tried (distinct recipients), share of them that failed, senders (distinct).
SELECT
    DATE_TRUNC('hour', time) AS hour,
    sender_domain AS domain,
    COUNT(DISTINCT CASE WHEN status = 'failed' THEN recipient END) AS failed,
    COUNT(DISTINCT recipient) AS tried,
    CAST(COUNT(DISTINCT CASE WHEN status = 'failed' THEN recipient END) AS DOUBLE) / COUNT(DISTINCT recipient) AS share,
    COUNT(DISTINCT sender) AS senders
FROM records
WHERE direction = 'inbound' AND sender_domain IS NOT NULL AND recipient IS NOT NULL
GROUP BY 1, sender_domain
HAVING COUNT(DISTINCT CASE WHEN status = 'failed' THEN recipient END) >= 20
ORDER BY failed DESC, hour, domain

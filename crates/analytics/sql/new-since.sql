-- What was not there before a date: senders' and recipients' domains, addresses of the source.
-- Columns: kind, name; first, messages, bytes.
WITH seen AS (
    SELECT 'sender domain' AS kind, sender_domain AS name, time, size FROM records WHERE sender_domain IS NOT NULL
    UNION ALL
    SELECT 'recipient domain' AS kind, recipient_domain AS name, time, size FROM records WHERE recipient_domain IS NOT NULL
    UNION ALL
    SELECT 'source address' AS kind, source_ip AS name, time, size FROM records WHERE source_ip IS NOT NULL
)
SELECT kind, name, MIN(time) AS first, COUNT(*) AS messages, SUM(size) AS bytes
FROM seen
GROUP BY kind, name
HAVING CAST(MIN(time) AS DATE) >= CAST($since AS DATE)
ORDER BY kind, messages DESC, name

-- Who is written to most.
-- Columns: recipient; messages, bytes, senders (distinct), failed.
SELECT
    recipient,
    COUNT(*) AS messages,
    SUM(size) AS bytes,
    COUNT(DISTINCT sender) AS senders,
    COUNT(*) FILTER (WHERE outcome = 'failure') AS failed
FROM records
WHERE recipient IS NOT NULL
GROUP BY recipient
ORDER BY messages DESC, recipient
LIMIT 10

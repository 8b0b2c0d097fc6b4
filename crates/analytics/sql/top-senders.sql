-- Who sends most.
-- Columns: sender; messages (records: one a recipient), bytes, recipients and days (distinct), failed.
SELECT
    sender,
    COUNT(*) AS messages,
    SUM(size) AS bytes,
    COUNT(DISTINCT recipient) AS recipients,
    COUNT(DISTINCT day) AS days,
    COUNT(*) FILTER (WHERE outcome = 'failure') AS failed
FROM records
WHERE sender IS NOT NULL
GROUP BY sender
ORDER BY messages DESC, sender
LIMIT 10

-- Who sends most.
-- Columns: sender; messages (records: one a recipient), bytes, recipients and days (distinct), failed.
-- First who they are, then what is distinct about them: to count that for everybody would take much memory.
WITH top AS (
    SELECT sender, COUNT(*) AS messages
    FROM records
    WHERE sender IS NOT NULL
    GROUP BY sender
    ORDER BY messages DESC, sender
    LIMIT 10
)
SELECT
    t.sender,
    t.messages,
    SUM(e.size) AS bytes,
    COUNT(DISTINCT e.recipient) AS recipients,
    COUNT(DISTINCT e.day) AS days,
    COUNT(*) FILTER (WHERE e.outcome = 'failure') AS failed
FROM top AS t
JOIN records AS e ON e.sender = t.sender
GROUP BY t.sender, t.messages
ORDER BY t.messages DESC, t.sender

-- Who is written to most.
-- Columns: recipient; messages, bytes, senders (distinct), failed.
-- First who they are, then what is distinct about them: to count that for everybody would take much memory.
WITH top AS (
    SELECT recipient, COUNT(*) AS messages
    FROM records
    WHERE recipient IS NOT NULL
    GROUP BY recipient
    ORDER BY messages DESC, recipient
    LIMIT 10
)
SELECT
    t.recipient,
    t.messages,
    SUM(e.size) AS bytes,
    COUNT(DISTINCT e.sender) AS senders,
    COUNT(*) FILTER (WHERE e.outcome = 'failure') AS failed
FROM top AS t
JOIN records AS e ON e.recipient = t.recipient
GROUP BY t.recipient, t.messages
ORDER BY t.messages DESC, t.recipient

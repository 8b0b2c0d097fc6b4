-- The largest messages. A message to several recipients counts once.
-- Columns: size (bytes), time of the first record, sender, recipients (count), one recipient, subject, direction, message.
-- The ten largest messages have one of the ten largest sizes: nothing else has to be gathered by message.
WITH least AS (
    SELECT MIN(size) AS size
    FROM (SELECT DISTINCT size FROM records WHERE size IS NOT NULL ORDER BY size DESC LIMIT 10) AS sizes
)
SELECT
    e.size,
    MIN(e.time) AS time,
    e.sender,
    COUNT(DISTINCT e.recipient) AS recipients,
    MIN(e.recipient) AS recipient,
    MIN(e.subject) AS subject,
    MIN(e.direction) AS direction,
    COALESCE(e.message_id, e.trace_id) AS message
FROM records AS e
JOIN least AS l ON e.size >= l.size
GROUP BY e.size, e.sender, COALESCE(e.message_id, e.trace_id)
ORDER BY size DESC, time, message
LIMIT 10

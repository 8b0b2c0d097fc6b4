-- The largest messages. A message to several recipients counts once.
-- Columns: size (bytes), time of the first record, sender, recipients (count), one recipient, subject, direction, message.
SELECT
    size,
    MIN(time) AS time,
    sender,
    COUNT(DISTINCT recipient) AS recipients,
    MIN(recipient) AS recipient,
    MIN(subject) AS subject,
    MIN(direction) AS direction,
    COALESCE(message_id, trace_id) AS message
FROM records
WHERE size IS NOT NULL
GROUP BY size, sender, COALESCE(message_id, trace_id)
ORDER BY size DESC, time, message
LIMIT 10

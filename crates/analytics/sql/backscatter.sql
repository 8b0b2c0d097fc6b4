-- Bounces that come in for mail which the recipient did not send: somebody else uses the address as sender.
-- Columns: day, recipient; bounces, sent (messages that this address sent outside that day and the day before).
WITH bounced AS (
    SELECT day, recipient, COUNT(*) AS bounces
    FROM records
    WHERE is_bounce AND recipient IS NOT NULL AND (direction IS NULL OR direction = 'inbound')
    GROUP BY day, recipient
    HAVING COUNT(*) >= 10
),
sent AS (
    SELECT b.day, b.recipient, COUNT(*) AS messages
    FROM bounced AS b
    JOIN records AS e ON e.sender = b.recipient AND e.direction = 'outbound'
        AND e.day <= b.day AND e.day >= b.day - INTERVAL '1 days'
    GROUP BY b.day, b.recipient
)
SELECT b.day, b.recipient, b.bounces, COALESCE(s.messages, 0) AS sent
FROM bounced AS b LEFT JOIN sent AS s ON s.day = b.day AND s.recipient = b.recipient
WHERE b.bounces > COALESCE(s.messages, 0)
ORDER BY bounces DESC, b.day, b.recipient

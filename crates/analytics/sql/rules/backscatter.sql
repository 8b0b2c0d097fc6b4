-- Bounces that come in for mail which the recipient did not send: 10 or more on a day, and more than a quarter of what the
-- address sent outside that day and the day before. A newsletter bounces at a few of many.
-- Columns: day, recipient; bounces, sent (messages to the outside, that day and the day before).
WITH bounced AS (
    SELECT day, recipient, COUNT(*) AS bounces
    FROM records
    WHERE is_bounce AND recipient IS NOT NULL AND (direction IS NULL OR direction = 'inbound') AND day >= CAST($since AS DATE)
    GROUP BY day, recipient
    HAVING COUNT(*) >= 10
),
sent AS (
    SELECT b.day, b.recipient, COUNT(*) AS messages
    FROM bounced AS b
    JOIN records AS r ON r.sender = b.recipient AND r.day <= b.day AND r.day >= b.day - INTERVAL '1 days'
    WHERE r.direction = 'outbound' AND r.day >= CAST($since AS DATE) - INTERVAL '1 days'
    GROUP BY b.day, b.recipient
)
SELECT b.day, b.recipient, b.bounces, COALESCE(s.messages, 0) AS sent
FROM bounced AS b LEFT JOIN sent AS s ON s.day = b.day AND s.recipient = b.recipient
WHERE 4 * b.bounces > COALESCE(s.messages, 0)
ORDER BY b.bounces DESC, b.day, b.recipient

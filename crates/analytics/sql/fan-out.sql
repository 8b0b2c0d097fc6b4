-- Who wrote to very many different recipients outside within one hour.
-- Columns: hour, sender; recipients (distinct), domains (distinct), messages, failed.
-- Fifty recipients take fifty messages: only such hours are looked at more closely.
WITH busy AS (
    SELECT DATE_TRUNC('hour', time) AS hour, sender
    FROM records
    WHERE direction = 'outbound' AND sender IS NOT NULL
    GROUP BY 1, sender
    HAVING COUNT(*) >= 50
)
SELECT
    b.hour,
    b.sender,
    COUNT(DISTINCT e.recipient) AS recipients,
    COUNT(DISTINCT e.recipient_domain) AS domains,
    COUNT(*) AS messages,
    COUNT(*) FILTER (WHERE e.outcome = 'failure') AS failed
FROM busy AS b
JOIN records AS e ON e.sender = b.sender AND DATE_TRUNC('hour', e.time) = b.hour
WHERE e.direction = 'outbound'
GROUP BY b.hour, b.sender
HAVING COUNT(DISTINCT e.recipient) >= 50
ORDER BY recipients DESC, b.hour, b.sender

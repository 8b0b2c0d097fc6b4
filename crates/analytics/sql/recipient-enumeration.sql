-- Who tries out addresses: many recipients of ours that do not exist, from one sender's domain in one hour.
-- Columns: hour, domain; failed and tried (distinct recipients), share of them that failed, senders (distinct).
-- Twenty that failed take twenty messages: only such hours are looked at more closely.
WITH failing AS (
    SELECT DATE_TRUNC('hour', time) AS hour, sender_domain AS domain
    FROM records
    WHERE direction = 'inbound' AND sender_domain IS NOT NULL AND recipient IS NOT NULL AND status = 'failed'
    GROUP BY 1, sender_domain
    HAVING COUNT(*) >= 20
)
SELECT
    f.hour,
    f.domain,
    COUNT(DISTINCT CASE WHEN e.status = 'failed' THEN e.recipient END) AS failed,
    COUNT(DISTINCT e.recipient) AS tried,
    CAST(COUNT(DISTINCT CASE WHEN e.status = 'failed' THEN e.recipient END) AS DOUBLE) / COUNT(DISTINCT e.recipient) AS share,
    COUNT(DISTINCT e.sender) AS senders
FROM failing AS f
JOIN records AS e ON e.sender_domain = f.domain AND DATE_TRUNC('hour', e.time) = f.hour
WHERE e.direction = 'inbound' AND e.recipient IS NOT NULL
GROUP BY f.hour, f.domain
HAVING COUNT(DISTINCT CASE WHEN e.status = 'failed' THEN e.recipient END) >= 20
ORDER BY failed DESC, f.hour, f.domain

-- Many large messages from one sender to one recipient outside within half an hour (more than three above 3,000,000 bytes).
-- Columns: begin (UTC), sender, recipient; messages, bytes.
SELECT
    DATE_TRUNC('hour', time)
        + CASE WHEN EXTRACT(MINUTE FROM time) >= 30 THEN INTERVAL '30 minutes' ELSE INTERVAL '0 minutes' END AS begin,
    sender, recipient,
    COUNT(*) AS messages,
    SUM(size) AS bytes
FROM records
WHERE direction = 'outbound' AND size > 3000000 AND sender IS NOT NULL AND recipient IS NOT NULL
GROUP BY 1, sender, recipient
HAVING COUNT(*) > 3
ORDER BY bytes DESC, begin, sender, recipient

-- How much mail there was, half hour by half hour.
-- Columns: begin (UTC); messages, bytes, failed. A half hour without mail has no row.
SELECT
    DATE_TRUNC('hour', time)
        + CASE WHEN EXTRACT(MINUTE FROM time) >= 30 THEN INTERVAL '30 minutes' ELSE INTERVAL '0 minutes' END AS begin,
    COUNT(*) AS messages,
    SUM(size) AS bytes,
    COUNT(*) FILTER (WHERE outcome = 'failure') AS failed
FROM records
GROUP BY 1
ORDER BY 1

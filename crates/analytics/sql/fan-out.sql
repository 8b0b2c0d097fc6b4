-- Who wrote to very many different recipients outside within one hour.
-- Columns: hour, sender; recipients (distinct), domains (distinct), messages, failed.
SELECT
    DATE_TRUNC('hour', time) AS hour,
    sender,
    COUNT(DISTINCT recipient) AS recipients,
    COUNT(DISTINCT recipient_domain) AS domains,
    COUNT(*) AS messages,
    COUNT(*) FILTER (WHERE outcome = 'failure') AS failed
FROM records
WHERE direction = 'outbound' AND sender IS NOT NULL
GROUP BY 1, sender
HAVING COUNT(DISTINCT recipient) >= 50
ORDER BY recipients DESC, hour, sender

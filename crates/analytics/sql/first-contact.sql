-- Domains outside that the organization wrote to for the first time, and how much went there that day.
-- Columns: day, domain; senders and recipients (distinct), messages, bytes.
WITH first AS (
    SELECT recipient_domain AS domain, MIN(day) AS day
    FROM records
    WHERE direction = 'outbound' AND recipient_domain IS NOT NULL
    GROUP BY recipient_domain
)
SELECT
    f.day, f.domain,
    COUNT(DISTINCT e.sender) AS senders,
    COUNT(DISTINCT e.recipient) AS recipients,
    COUNT(*) AS messages,
    SUM(e.size) AS bytes
FROM first AS f
JOIN records AS e ON e.recipient_domain = f.domain AND e.day = f.day AND e.direction = 'outbound'
WHERE f.day >= CAST($since AS DATE)
GROUP BY f.day, f.domain
ORDER BY bytes DESC, f.day, f.domain

-- Who tries out addresses: 20 or more recipients of ours on a day that do not exist, from one sender's domain, and at least half
-- of all that it tries. A newsletter with an old list fails at a few of many.
-- Columns: day, domain; failed and tried (distinct recipients), share of them that failed, senders (distinct).
WITH tried AS (
    SELECT
        day, sender_domain AS domain,
        COUNT(DISTINCT CASE WHEN status = 'failed' THEN recipient END) AS failed,
        COUNT(DISTINCT recipient) AS tried,
        COUNT(DISTINCT sender) AS senders
    FROM records
    WHERE direction = 'inbound' AND sender_domain IS NOT NULL AND recipient IS NOT NULL AND day >= CAST($since AS DATE)
    GROUP BY day, sender_domain
)
SELECT day, domain, failed, tried, CAST(failed AS DOUBLE) / tried AS share, senders
FROM tried
WHERE failed >= 20 AND 2 * failed >= tried
ORDER BY failed DESC, day, domain

-- Who tries out addresses: 20 or more recipients of ours on a day that do not exist, from one sender's domain, and at least half
-- of all that it tries. A newsletter with an old list fails at a few of many.
-- Columns: day, domain; failed and tried (distinct recipients), share of them that failed, senders (distinct).
-- Twenty that failed take twenty messages: only such days are looked at more closely.
WITH failing AS (
    SELECT day, sender_domain AS domain
    FROM records
    WHERE direction = 'inbound' AND sender_domain IS NOT NULL AND recipient IS NOT NULL AND status = 'failed'
        AND day >= CAST($since AS DATE)
    GROUP BY day, sender_domain
    HAVING COUNT(*) >= 20
),
tried AS (
    SELECT
        f.day, f.domain,
        COUNT(DISTINCT CASE WHEN e.status = 'failed' THEN e.recipient END) AS failed,
        COUNT(DISTINCT e.recipient) AS tried,
        COUNT(DISTINCT e.sender) AS senders
    FROM failing AS f JOIN records AS e ON e.sender_domain = f.domain AND e.day = f.day
    WHERE e.direction = 'inbound' AND e.recipient IS NOT NULL
    GROUP BY f.day, f.domain
)
SELECT day, domain, failed, tried, CAST(failed AS DOUBLE) / tried AS share, senders
FROM tried
WHERE failed >= 20 AND 2 * failed >= tried
ORDER BY failed DESC, day, domain

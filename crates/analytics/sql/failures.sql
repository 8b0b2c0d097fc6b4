-- What failed, by domain of the recipient and by cause (the status where no details were asked for).
-- Columns: domain, cause; failed, senders (distinct), first and last, share of all that the domain was sent.
SELECT
    f.domain, f.cause, f.failed, f.senders, f.first, f.last,
    CAST(f.failed AS DOUBLE) / a.messages AS share
FROM (
    SELECT
        recipient_domain AS domain,
        COALESCE(cause, status) AS cause,
        COUNT(*) AS failed,
        COUNT(DISTINCT sender) AS senders,
        MIN(time) AS first,
        MAX(time) AS last
    FROM records
    WHERE outcome = 'failure' AND recipient_domain IS NOT NULL
    GROUP BY recipient_domain, COALESCE(cause, status)
) AS f
JOIN (
    SELECT recipient_domain AS domain, COUNT(*) AS messages FROM records GROUP BY recipient_domain
) AS a ON f.domain = a.domain
ORDER BY failed DESC, f.domain, f.cause
LIMIT 100

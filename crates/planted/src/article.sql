-- The question `baseline-article`, for every day from $since on instead of the last: who sent more on a day than the average
-- day of any sender plus one standard deviation, over the seven days before.
-- Columns: day, sender; messages.
WITH outside AS (
    SELECT sender, day, COUNT(*) AS messages
    FROM records
    WHERE sender IS NOT NULL AND day >= CAST($since AS DATE) - INTERVAL '7 days'
        AND (direction IS NULL OR direction IN ('outbound', 'external'))
    GROUP BY sender, day
),
tested AS (SELECT DISTINCT day FROM records WHERE day >= CAST($since AS DATE)),
threshold AS (
    SELECT t.day, AVG(o.messages) + STDDEV_SAMP(o.messages) AS threshold
    FROM tested AS t JOIN outside AS o ON o.day >= t.day - INTERVAL '7 days' AND o.day < t.day
    GROUP BY t.day
)
SELECT e.day, e.sender, COUNT(*) AS messages
FROM records AS e JOIN threshold AS t ON e.day = t.day
WHERE e.sender IS NOT NULL
GROUP BY e.day, e.sender, t.threshold
HAVING COUNT(*) > t.threshold
ORDER BY e.day, messages DESC, e.sender

-- Who sent more on the last day than the average day of any sender plus one standard deviation, over the seven days before.
-- One threshold for all, days without mail not counted, mail to own recipients not counted in the threshold: exactly as the
-- Sentinel article has it. Expect many false alerts; `baseline` is the better question.
-- Columns: sender; messages on the last day, threshold.
WITH last AS (SELECT MAX(day) AS day FROM records),
daily AS (
    SELECT e.sender, e.day, COUNT(*) AS messages
    FROM records AS e CROSS JOIN last AS l
    WHERE e.sender IS NOT NULL AND e.day >= l.day - INTERVAL '7 days' AND e.day < l.day
        AND (e.direction IS NULL OR e.direction IN ('outbound', 'external'))
    GROUP BY e.sender, e.day
),
threshold AS (SELECT AVG(messages) + STDDEV_SAMP(messages) AS threshold FROM daily)
SELECT e.sender, COUNT(*) AS messages, MAX(t.threshold) AS threshold
FROM records AS e CROSS JOIN last AS l CROSS JOIN threshold AS t
WHERE e.day = l.day AND e.sender IS NOT NULL
GROUP BY e.sender
HAVING COUNT(*) > MAX(t.threshold)
ORDER BY messages DESC, e.sender

-- Who wrote to very many different recipients outside within one hour (from the full hour or from the half on): 50 or more,
-- and three times as many as in any hour of the ten weeks before. Recipients that three or more of us write to that day do not
-- count: they are on a list that all answer to.
-- Columns: day, hour, sender; recipients (distinct), usual_recipients (the fullest hour before), messages, failed.
WITH outbound AS (
    SELECT day, time, sender, recipient, outcome
    FROM records
    WHERE direction = 'outbound' AND sender IS NOT NULL AND recipient IS NOT NULL
        AND day >= CAST($since AS DATE) - INTERVAL '70 days'
),
pairs AS (SELECT DISTINCT day, sender, recipient FROM outbound),
listed AS (
    SELECT day, recipient FROM pairs
    WHERE day >= CAST($since AS DATE)
    GROUP BY day, recipient HAVING COUNT(*) >= 3
),
busy AS (SELECT sender, day FROM pairs GROUP BY sender, day HAVING COUNT(*) >= 17),
spans AS (
    SELECT o.day, DATE_TRUNC('hour', o.time) AS hour, o.sender, o.recipient, o.outcome
    FROM outbound AS o JOIN busy AS b ON b.sender = o.sender AND b.day = o.day
    UNION ALL
    SELECT
        o.day, DATE_TRUNC('hour', o.time + INTERVAL '30 minutes') - INTERVAL '30 minutes' AS hour,
        o.sender, o.recipient, o.outcome
    FROM outbound AS o JOIN busy AS b ON b.sender = o.sender AND b.day = o.day
),
written AS (
    SELECT
        day, hour, sender, recipient, COUNT(*) AS messages, COUNT(*) FILTER (WHERE outcome = 'failure') AS failed
    FROM spans
    GROUP BY day, hour, sender, recipient
),
hours AS (
    SELECT
        w.day, w.hour, w.sender, COUNT(*) AS recipients, CAST(SUM(w.messages) AS BIGINT) AS messages,
        CAST(SUM(w.failed) AS BIGINT) AS failed
    FROM written AS w LEFT JOIN listed AS l ON l.day = w.day AND l.recipient = w.recipient
    WHERE l.recipient IS NULL
    GROUP BY w.day, w.hour, w.sender
),
tested AS (SELECT * FROM hours WHERE day >= CAST($since AS DATE) AND recipients >= 50),
past AS (
    SELECT t.day, t.hour, t.sender, MAX(h.recipients) AS recipients
    FROM tested AS t JOIN hours AS h ON h.sender = t.sender AND h.day < t.day AND h.day >= t.day - INTERVAL '70 days'
    GROUP BY t.day, t.hour, t.sender
)
SELECT
    t.day, t.hour, t.sender, t.recipients, COALESCE(p.recipients, 0) AS usual_recipients, t.messages, t.failed
FROM tested AS t LEFT JOIN past AS p ON p.day = t.day AND p.hour = t.hour AND p.sender = t.sender
WHERE t.recipients >= 3 * COALESCE(p.recipients, 0)
ORDER BY t.recipients DESC, EXTRACT(MINUTE FROM t.hour), t.hour, t.sender

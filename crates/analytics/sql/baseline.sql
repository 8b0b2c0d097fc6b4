-- Who sent far more to the outside on a day than on his own days before.
-- Each sender against himself: 28 days before, days without mail counted as 0 (days that the archive lacks are not counted).
-- The usual is the median, the spread the median distance from it (MAD, times 1.4826); at least 20 % of the usual, 5 messages
-- and 1 MiB, so that a quiet sender is not alarming at once. Who has less than seven days of history is held against all
-- others: the 99th percentile of their days. Bytes as well as counts.
-- Columns: day, sender; messages, usual_messages, score_messages (spreads above the usual); bytes, usual_bytes, score_bytes;
-- history (days), recipients, basis (own or peers).
WITH recent AS (
    SELECT day, sender, COUNT(*) AS messages, SUM(COALESCE(size, 0)) AS bytes
    FROM records
    WHERE direction = 'outbound' AND sender IS NOT NULL AND day >= CAST($since AS DATE)
    GROUP BY day, sender
    -- Six spreads of 5 messages or twelve of 1 MiB: who has less is not far above anything.
    HAVING COUNT(*) >= 30 OR SUM(COALESCE(size, 0)) >= 12582912
),
suspects AS (SELECT DISTINCT sender FROM recent),
daily AS (
    SELECT e.day, e.sender, COUNT(*) AS messages, SUM(COALESCE(e.size, 0)) AS bytes
    FROM suspects AS s JOIN records AS e ON e.sender = s.sender
    WHERE e.direction = 'outbound' AND e.day >= CAST($since AS DATE) - INTERVAL '28 days'
    GROUP BY e.day, e.sender
),
calendar AS (SELECT DISTINCT day FROM records WHERE day >= CAST($since AS DATE) - INTERVAL '28 days'),
begun AS (
    SELECT e.sender, MIN(e.day) AS first
    FROM suspects AS s JOIN records AS e ON e.sender = s.sender
    GROUP BY e.sender
),
tested AS (
    SELECT r.day, r.sender, r.messages, r.bytes, b.first
    FROM recent AS r JOIN begun AS b ON r.sender = b.sender
),
history AS (
    SELECT t.day, t.sender, c.day AS past, COALESCE(h.messages, 0) AS messages, COALESCE(h.bytes, 0) AS bytes
    FROM tested AS t
    JOIN calendar AS c ON c.day < t.day AND c.day >= t.day - INTERVAL '28 days' AND c.day >= t.first
    LEFT JOIN daily AS h ON h.sender = t.sender AND h.day = c.day
),
usual AS (
    SELECT day, sender, COUNT(*) AS days, MEDIAN(CAST(messages AS DOUBLE)) AS messages, MEDIAN(CAST(bytes AS DOUBLE)) AS bytes
    FROM history GROUP BY day, sender
),
spread AS (
    SELECT
        h.day, h.sender,
        1.4826 * MEDIAN(ABS(h.messages - u.messages)) AS messages,
        1.4826 * MEDIAN(ABS(h.bytes - u.bytes)) AS bytes
    FROM history AS h JOIN usual AS u ON h.day = u.day AND h.sender = u.sender
    GROUP BY h.day, h.sender
),
peers AS (
    SELECT
        PERCENTILE_CONT(0.99) WITHIN GROUP (ORDER BY CAST(messages AS DOUBLE)) AS messages,
        PERCENTILE_CONT(0.99) WITHIN GROUP (ORDER BY CAST(bytes AS DOUBLE)) AS bytes
    FROM (
        SELECT COUNT(*) AS messages, SUM(COALESCE(size, 0)) AS bytes
        FROM records
        WHERE direction = 'outbound' AND sender IS NOT NULL
            AND day >= CAST($since AS DATE) - INTERVAL '28 days'
        GROUP BY day, sender
    ) AS days
),
judged AS (
    SELECT
        t.day, t.sender, t.messages, t.bytes, COALESCE(u.days, 0) AS history,
        CASE WHEN COALESCE(u.days, 0) >= 7 THEN 'own' ELSE 'peers' END AS basis,
        CASE WHEN COALESCE(u.days, 0) >= 7 THEN u.messages ELSE p.messages END AS usual_messages,
        CASE WHEN COALESCE(u.days, 0) >= 7 THEN u.bytes ELSE p.bytes END AS usual_bytes,
        CASE WHEN COALESCE(u.days, 0) >= 7 THEN s.messages ELSE 0 END AS spread_messages,
        CASE WHEN COALESCE(u.days, 0) >= 7 THEN s.bytes ELSE 0 END AS spread_bytes
    FROM tested AS t
    CROSS JOIN peers AS p
    LEFT JOIN usual AS u ON u.day = t.day AND u.sender = t.sender
    LEFT JOIN spread AS s ON s.day = t.day AND s.sender = t.sender
),
scored AS (
    SELECT
        day, sender, messages, usual_messages,
        (messages - usual_messages) / GREATEST(spread_messages, 0.2 * usual_messages, 5.0) AS score_messages,
        bytes, usual_bytes,
        (bytes - usual_bytes) / GREATEST(spread_bytes, 0.2 * usual_bytes, 1048576.0) AS score_bytes,
        history, basis
    FROM judged
)
-- Who is far above: only of them the recipients are counted.
SELECT
    s.day, s.sender, s.messages, s.usual_messages, s.score_messages, s.bytes, s.usual_bytes, s.score_bytes,
    s.history, COUNT(DISTINCT e.recipient) AS recipients, s.basis
FROM scored AS s
JOIN records AS e ON e.day = s.day AND e.sender = s.sender AND e.direction = 'outbound'
WHERE s.score_messages >= 6 OR s.score_bytes >= 12
GROUP BY
    s.day, s.sender, s.messages, s.usual_messages, s.score_messages, s.bytes, s.usual_bytes, s.score_bytes,
    s.history, s.basis
ORDER BY s.day, GREATEST(s.score_messages, s.score_bytes) DESC, s.sender

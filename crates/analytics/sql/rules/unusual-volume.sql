-- Who sent far more to the outside on a day than ever in the ten weeks before. Each against the sender's own past; floors keep
-- quiet senders quiet. An address is new to a sender who neither wrote to it nor heard from it before:
--   new messages    15 or more to new addresses, four or more to each
--   new bytes       35 MB or more to new addresses, 8 MB in two messages or more to each, and half as much again as on the
--                   sender's fullest day; from 120 MB on a fifth more
--   known messages  25 or more to one known address, five times its fullest day, and half as many again as on the sender's
--   known bytes     40 MB or more to one known address (100 MB if it was never written to), four times its fullest day, and four
--                   times the sender's
--   a week          60 messages to one address within seven days, twice what went there in the nine weeks before and twice the
--                   sender's fullest day; or 130 MB, three times what went there and three and a half times that day
--   a new week      80 MB within seven days to addresses that were new when these began, on two days or more to each; twice
--                   the sender's fullest day: who takes documents out little by little, to two or three mailboxes
--   all messages    200 or more, five times the sender's fullest day, and two to each recipient: `fan-out` has the others
-- Who has been seen for less than three weeks needs four times as much. On a day on which all write three times as much as on
-- the middle day, everything needs twice as much (nobody weighs more than ten messages there). Not counted is mail to an address
-- that three or more of us write to that day (an auditor, a list), or to a domain that five or more of us begin to write much to
-- (a migration).
-- Columns: day, sender; observed, unit; messages and bytes (what counts), usual_messages, usual_bytes (the fullest day before);
-- recipients; week_messages, week_bytes (to the one address that got most, where it got unusually much).
WITH pairs AS (
    SELECT day, sender, recipient, recipient_domain AS domain, COUNT(*) AS messages, SUM(COALESCE(size, 0)) AS bytes
    FROM records
    WHERE direction = 'outbound' AND sender IS NOT NULL AND recipient IS NOT NULL
        AND day >= CAST($since AS DATE) - INTERVAL '70 days'
    GROUP BY day, sender, recipient, recipient_domain
),
daily AS (
    SELECT day, sender, SUM(messages) AS messages, SUM(bytes) AS bytes FROM pairs GROUP BY day, sender
),
shared AS (
    SELECT day, recipient FROM pairs
    WHERE day >= CAST($since AS DATE)
    GROUP BY day, recipient HAVING COUNT(*) >= 3
),
totals AS (SELECT day, CAST(SUM(LEAST(messages, 10)) AS DOUBLE) AS messages FROM daily GROUP BY day),
loads AS (
    SELECT t.day, GREATEST(1.0, MAX(t.messages) / MEDIAN(p.messages) / 1.5) AS load
    FROM totals AS t JOIN totals AS p ON p.day < t.day AND p.day >= t.day - INTERVAL '70 days'
    WHERE t.day >= CAST($since AS DATE)
    GROUP BY t.day
),
much AS (SELECT * FROM pairs WHERE day >= CAST($since AS DATE) AND (messages >= 3 OR bytes >= 8000000)),
known AS (
    SELECT
        m.day, m.sender, m.recipient, MAX(p.messages) AS messages, MAX(p.bytes) AS bytes,
        SUM(CASE WHEN p.day > m.day - INTERVAL '7 days' THEN p.messages ELSE 0 END) AS week_messages,
        SUM(CASE WHEN p.day > m.day - INTERVAL '7 days' THEN p.bytes ELSE 0 END) AS week_bytes,
        COUNT(DISTINCT CASE WHEN p.day > m.day - INTERVAL '7 days' THEN p.day END) AS week_days,
        SUM(CASE WHEN p.day > m.day - INTERVAL '7 days' THEN 0 ELSE p.messages END) AS earlier_messages,
        SUM(CASE WHEN p.day > m.day - INTERVAL '7 days' THEN 0 ELSE p.bytes END) AS earlier_bytes
    FROM much AS m JOIN pairs AS p ON p.sender = m.sender AND p.recipient = m.recipient
        AND p.day < m.day AND p.day >= m.day - INTERVAL '70 days'
    GROUP BY m.day, m.sender, m.recipient
),
heard AS (
    SELECT DISTINCT m.day, m.sender, m.recipient
    FROM much AS m JOIN records AS r ON r.sender = m.recipient AND r.recipient = m.sender
        AND r.day < m.day AND r.day >= m.day - INTERVAL '70 days'
    WHERE r.direction = 'inbound' AND r.day >= CAST($since AS DATE) - INTERVAL '70 days'
),
judged AS (
    SELECT
        m.day, m.sender, m.domain, m.recipient, m.messages, m.bytes,
        k.recipient IS NULL AND h.recipient IS NULL AS is_fresh,
        k.recipient IS NOT NULL OR m.bytes >= 100000000 AS is_enough,
        COALESCE(k.messages, 0) AS known_messages, COALESCE(k.bytes, 0) AS known_bytes,
        m.messages + COALESCE(k.week_messages, 0) AS week_messages, m.bytes + COALESCE(k.week_bytes, 0) AS week_bytes,
        COALESCE(k.earlier_messages, 0) AS earlier_messages, COALESCE(k.earlier_bytes, 0) AS earlier_bytes,
        k.week_days >= 1 AND k.earlier_messages = 0 AND h.recipient IS NULL AS is_new_of_days
    FROM much AS m
    LEFT JOIN known AS k ON k.day = m.day AND k.sender = m.sender AND k.recipient = m.recipient
    LEFT JOIN heard AS h ON h.day = m.day AND h.sender = m.sender AND h.recipient = m.recipient
),
company AS (
    SELECT day, domain FROM judged
    WHERE is_fresh AND (messages >= 12 OR bytes >= 30000000)
    GROUP BY day, domain HAVING COUNT(DISTINCT sender) >= 5
),
single AS (
    SELECT
        j.day, j.sender,
        SUM(CASE WHEN j.is_fresh AND j.messages >= 4 THEN j.messages ELSE 0 END) AS fresh_messages,
        SUM(CASE WHEN j.is_fresh AND j.messages >= 2 AND j.bytes >= 8000000 THEN j.bytes ELSE 0 END) AS fresh_bytes,
        MAX(CASE WHEN NOT j.is_fresh AND j.messages >= 5 * j.known_messages THEN j.messages ELSE 0 END) AS more_messages,
        MAX(CASE WHEN NOT j.is_fresh AND j.is_enough AND j.bytes >= 4 * j.known_bytes THEN j.bytes ELSE 0 END) AS more_bytes,
        MAX(CASE WHEN j.week_messages >= 2 * j.earlier_messages THEN j.week_messages ELSE 0 END) AS week_messages,
        MAX(CASE WHEN j.week_bytes >= 3 * j.earlier_bytes THEN j.week_bytes ELSE 0 END) AS week_bytes,
        SUM(CASE WHEN j.is_new_of_days THEN j.week_bytes ELSE 0 END) AS new_week_bytes
    FROM judged AS j
    LEFT JOIN company AS c ON c.day = j.day AND c.domain = j.domain
    LEFT JOIN shared AS h ON h.day = j.day AND h.recipient = j.recipient
    WHERE c.domain IS NULL AND h.recipient IS NULL
    GROUP BY j.day, j.sender
),
total AS (
    SELECT a.day, a.sender, SUM(a.messages) AS messages, SUM(a.bytes) AS bytes, COUNT(*) AS recipients
    FROM pairs AS a
    LEFT JOIN company AS c ON c.day = a.day AND c.domain = a.domain
    LEFT JOIN shared AS h ON h.day = a.day AND h.recipient = a.recipient
    WHERE a.day >= CAST($since AS DATE) AND c.domain IS NULL AND h.recipient IS NULL
    GROUP BY a.day, a.sender
),
tested AS (
    SELECT
        t.day, t.sender, t.messages, t.bytes, t.recipients,
        COALESCE(s.fresh_messages, 0) AS fresh_messages, COALESCE(s.fresh_bytes, 0) AS fresh_bytes,
        COALESCE(s.more_messages, 0) AS more_messages, COALESCE(s.more_bytes, 0) AS more_bytes,
        COALESCE(s.week_messages, 0) AS week_messages, COALESCE(s.week_bytes, 0) AS week_bytes,
        COALESCE(s.new_week_bytes, 0) AS new_week_bytes
    FROM total AS t LEFT JOIN single AS s ON s.day = t.day AND s.sender = t.sender
    WHERE t.messages >= 200 OR s.fresh_messages >= 15 OR s.fresh_bytes >= 35000000 OR s.more_messages >= 25
        OR s.more_bytes >= 40000000 OR s.week_messages >= 60 OR s.week_bytes >= 130000000 OR s.new_week_bytes >= 80000000
),
past AS (
    SELECT t.day, t.sender, MAX(d.messages) AS messages, MAX(d.bytes) AS bytes
    FROM tested AS t JOIN daily AS d ON d.sender = t.sender
        AND d.day < t.day AND d.day >= t.day - INTERVAL '70 days'
    GROUP BY t.day, t.sender
),
seen AS (
    SELECT a.address, MIN(a.day) AS first
    FROM (
        SELECT sender AS address, day FROM records WHERE sender IS NOT NULL
        UNION ALL
        SELECT recipient AS address, day FROM records WHERE recipient IS NOT NULL AND status = 'delivered'
    ) AS a JOIN (SELECT DISTINCT sender FROM tested) AS t ON t.sender = a.address
    GROUP BY a.address
),
scored AS (
    SELECT
        t.day, t.sender, t.messages, t.bytes, t.recipients, t.fresh_messages, t.fresh_bytes, t.more_messages, t.more_bytes,
        t.week_messages, t.week_bytes, t.new_week_bytes,
        COALESCE(p.messages, 0) AS usual_messages, COALESCE(p.bytes, 0) AS usual_bytes,
        COALESCE(l.load, 1.0) * CASE WHEN f.first <= t.day - INTERVAL '21 days' THEN 1 ELSE 4 END AS times
    FROM tested AS t
    LEFT JOIN past AS p ON p.day = t.day AND p.sender = t.sender
    LEFT JOIN loads AS l ON l.day = t.day
    LEFT JOIN seen AS f ON f.address = t.sender
),
raised AS (
    SELECT
        day, sender, messages, usual_messages, bytes, usual_bytes, recipients, week_messages, week_bytes,
        fresh_messages >= 15 * times
            OR (more_messages >= 25 * times AND 2 * messages > 3 * usual_messages)
            OR (week_messages >= 60 * times AND week_messages >= 2 * usual_messages)
            OR (messages >= 200 * times AND messages >= 5 * usual_messages AND messages >= 2 * recipients) AS by_messages,
        (fresh_bytes >= 35000000 * times AND 2 * bytes > 3 * usual_bytes)
            OR (fresh_bytes >= 120000000 * times AND 5 * bytes > 6 * usual_bytes)
            OR (week_bytes >= 130000000 * times AND 2 * week_bytes >= 7 * usual_bytes)
            OR (new_week_bytes >= 80000000 * times AND new_week_bytes >= 2 * usual_bytes)
            OR (more_bytes >= 40000000 * times AND bytes > 4 * usual_bytes) AS by_bytes
    FROM scored
)
SELECT
    day, sender,
    CASE WHEN by_messages THEN messages ELSE bytes END AS observed,
    CASE WHEN by_messages THEN 'messages' ELSE 'bytes' END AS unit,
    messages, usual_messages, bytes, usual_bytes, recipients, week_messages, week_bytes
FROM raised
WHERE by_messages OR by_bytes
ORDER BY day, sender

-- Many large messages from one sender to one address outside within half an hour (from any full quarter on): more than three
-- above 3,000,000 bytes, together 30 MB or more. It takes half as many bytes again as on the sender's fullest day in the ten
-- weeks before where the sender neither wrote to the address nor heard from it (from 120 MB on a fifth more), else four times as
-- many, and 100 MB where it was never written to. Never where three or more of us write to that address that day. Who has been
-- seen for less than three weeks needs 100 MB.
-- Columns: day, begin (UTC), sender, recipient; messages, bytes, usual_bytes (the fullest day before).
WITH large AS (
    SELECT day, time, sender, recipient, size
    FROM records
    WHERE direction = 'outbound' AND size > 3000000 AND sender IS NOT NULL AND recipient IS NOT NULL
        AND day >= CAST($since AS DATE)
),
halves AS (
    SELECT
        day,
        DATE_TRUNC('hour', time)
            + CASE WHEN EXTRACT(MINUTE FROM time) >= 30 THEN INTERVAL '30 minutes' ELSE INTERVAL '0 minutes' END AS begin,
        sender, recipient, size
    FROM large
    UNION ALL
    SELECT
        day,
        DATE_TRUNC('hour', time - INTERVAL '15 minutes')
            + CASE
                WHEN EXTRACT(MINUTE FROM time - INTERVAL '15 minutes') >= 30 THEN INTERVAL '45 minutes'
                ELSE INTERVAL '15 minutes'
            END AS begin,
        sender, recipient, size
    FROM large
),
piles AS (
    SELECT day, begin, sender, recipient, COUNT(*) AS messages, SUM(size) AS bytes
    FROM halves
    GROUP BY day, begin, sender, recipient
    HAVING COUNT(*) > 3 AND SUM(size) >= 30000000
),
daily AS (
    SELECT d.day, d.sender, SUM(COALESCE(d.size, 0)) AS bytes
    FROM records AS d JOIN (SELECT DISTINCT sender FROM piles) AS s ON s.sender = d.sender
    WHERE d.direction = 'outbound' AND d.day >= CAST($since AS DATE) - INTERVAL '70 days'
    GROUP BY d.day, d.sender
),
past AS (
    SELECT p.day, p.sender, MAX(d.bytes) AS bytes
    FROM (SELECT DISTINCT day, sender FROM piles) AS p JOIN daily AS d
        ON d.sender = p.sender AND d.day < p.day AND d.day >= p.day - INTERVAL '70 days'
    GROUP BY p.day, p.sender
),
known AS (
    SELECT DISTINCT p.day, p.sender, p.recipient
    FROM piles AS p JOIN records AS r ON r.sender = p.sender AND r.recipient = p.recipient
        AND r.day < p.day AND r.day >= p.day - INTERVAL '70 days'
    WHERE r.day >= CAST($since AS DATE) - INTERVAL '70 days'
),
seen AS (
    SELECT a.address, MIN(a.day) AS first
    FROM (
        SELECT sender AS address, day FROM records WHERE sender IS NOT NULL
        UNION ALL
        SELECT recipient AS address, day FROM records WHERE recipient IS NOT NULL AND status = 'delivered'
    ) AS a JOIN (SELECT DISTINCT sender FROM piles) AS p ON p.sender = a.address
    GROUP BY a.address
),
heard AS (
    SELECT DISTINCT p.day, p.sender, p.recipient
    FROM piles AS p JOIN records AS r ON r.sender = p.recipient AND r.recipient = p.sender
        AND r.day < p.day AND r.day >= p.day - INTERVAL '70 days'
    WHERE r.direction = 'inbound' AND r.day >= CAST($since AS DATE) - INTERVAL '70 days'
),
others AS (
    SELECT p.day, p.recipient
    FROM (SELECT DISTINCT day, recipient FROM piles) AS p JOIN records AS r ON r.day = p.day AND r.recipient = p.recipient
    WHERE r.direction = 'outbound' AND r.day >= CAST($since AS DATE)
    GROUP BY p.day, p.recipient
    HAVING COUNT(DISTINCT r.sender) >= 3
)
SELECT
    p.day, p.begin, p.sender, p.recipient, p.messages, p.bytes, COALESCE(h.bytes, 0) AS usual_bytes
FROM piles AS p
LEFT JOIN past AS h ON h.day = p.day AND h.sender = p.sender
LEFT JOIN known AS k ON k.day = p.day AND k.sender = p.sender AND k.recipient = p.recipient
LEFT JOIN heard AS w ON w.day = p.day AND w.sender = p.sender AND w.recipient = p.recipient
LEFT JOIN seen AS f ON f.address = p.sender
LEFT JOIN others AS o ON o.day = p.day AND o.recipient = p.recipient
WHERE o.recipient IS NULL
    AND CASE
        WHEN k.recipient IS NOT NULL THEN p.bytes > 4 * COALESCE(h.bytes, 0)
        WHEN w.recipient IS NOT NULL THEN p.bytes >= 100000000 AND p.bytes > 4 * COALESCE(h.bytes, 0)
        ELSE 2 * p.bytes > 3 * COALESCE(h.bytes, 0) OR (p.bytes >= 120000000 AND 5 * p.bytes > 6 * COALESCE(h.bytes, 0))
    END
    AND (f.first <= p.day - INTERVAL '21 days' OR p.bytes >= 100000000)
ORDER BY p.bytes DESC, p.begin, p.sender, p.recipient

-- Mail on a day to an address outside with the sender's own name: alice.smith@contoso.com to alice.smith@example.net.
-- The name counts without dots, hyphens, underscores and digits at its end, with its parts turned round, and with the first
-- name's letter alone; names of fewer than four letters do not count, nor a name that the sender writes to at three domains or
-- more (info, sales). Where the sender writes to that address on five days or more of the ten weeks before, only more than twice
-- the fullest of them is raised, in messages and in bytes.
-- Columns: day, sender, recipient; messages, bytes, usual_messages, usual_bytes (the fullest day before), days (before).
WITH mail AS (
    SELECT
        day, sender, recipient, recipient_domain AS domain, COALESCE(size, 0) AS size,
        SPLIT_PART(SPLIT_PART(sender, '@', 1), '+', 1) AS own,
        TRIM(TRAILING '0123456789' FROM
            REPLACE(REPLACE(REPLACE(SPLIT_PART(SPLIT_PART(recipient, '@', 1), '+', 1), '.', ''), '-', ''), '_', '')) AS name
    FROM records
    WHERE direction = 'outbound' AND sender IS NOT NULL AND recipient IS NOT NULL
        AND day >= CAST($since AS DATE) - INTERVAL '70 days'
),
named AS (
    SELECT
        day, sender, recipient, domain, size, name,
        TRIM(TRAILING '0123456789' FROM REPLACE(REPLACE(REPLACE(own, '.', ''), '-', ''), '_', '')) AS plain,
        TRIM(TRAILING '0123456789' FROM SPLIT_PART(own, '.', 1)) AS first,
        TRIM(TRAILING '0123456789' FROM SPLIT_PART(own, '.', 2)) AS last
    FROM mail
),
own AS (
    SELECT day, sender, recipient, domain, size FROM named
    WHERE LENGTH(name) >= 4
        AND (name = plain OR (LENGTH(last) >= 3 AND name IN (last || first, SUBSTR(first, 1, 1) || last)))
),
roles AS (SELECT sender FROM own GROUP BY sender HAVING COUNT(DISTINCT domain) >= 3),
daily AS (
    SELECT o.day, o.sender, o.recipient, COUNT(*) AS messages, SUM(o.size) AS bytes
    FROM own AS o LEFT JOIN roles AS r ON r.sender = o.sender
    WHERE r.sender IS NULL
    GROUP BY o.day, o.sender, o.recipient
),
past AS (
    SELECT t.day, t.sender, t.recipient, MAX(d.messages) AS messages, MAX(d.bytes) AS bytes, COUNT(*) AS days
    FROM daily AS t JOIN daily AS d ON d.sender = t.sender AND d.recipient = t.recipient
        AND d.day < t.day AND d.day >= t.day - INTERVAL '70 days'
    GROUP BY t.day, t.sender, t.recipient
),
unusual AS (
    SELECT
        t.day, t.sender, t.recipient, t.messages, t.bytes,
        COALESCE(p.messages, 0) AS usual_messages, COALESCE(p.bytes, 0) AS usual_bytes, COALESCE(p.days, 0) AS days
    FROM daily AS t LEFT JOIN past AS p ON p.day = t.day AND p.sender = t.sender AND p.recipient = t.recipient
    WHERE t.day >= CAST($since AS DATE)
)
SELECT day, sender, recipient, messages, bytes, usual_messages, usual_bytes, days
FROM unusual
WHERE bytes >= 2097152 AND (days < 5 OR (messages > 2 * usual_messages AND bytes > 2 * usual_bytes))
ORDER BY bytes DESC, day, sender, recipient

-- Mail to an address outside with the sender's own name: alice@contoso.com to alice@example.net.
-- Dots, hyphens and underscores do not count in the comparison; names of fewer than four letters do not count at all.
-- Columns: sender, recipient; messages, bytes, first, last, days (distinct).
SELECT
    sender, recipient,
    COUNT(*) AS messages,
    SUM(size) AS bytes,
    MIN(time) AS first,
    MAX(time) AS last,
    COUNT(DISTINCT day) AS days
FROM records
WHERE direction = 'outbound' AND sender IS NOT NULL AND recipient IS NOT NULL
    AND LENGTH(SPLIT_PART(sender, '@', 1)) >= 4
    AND REPLACE(REPLACE(REPLACE(SPLIT_PART(SPLIT_PART(sender, '@', 1), '+', 1), '.', ''), '-', ''), '_', '')
        = REPLACE(REPLACE(REPLACE(SPLIT_PART(SPLIT_PART(recipient, '@', 1), '+', 1), '.', ''), '-', ''), '_', '')
GROUP BY sender, recipient
ORDER BY bytes DESC, sender, recipient

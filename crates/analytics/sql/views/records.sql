-- Each record, one message to one recipient, as it is now. A row that changed has an event for each of its statuses; the
-- delivery with the highest sequence is what it came to. Events without a sequence stand for themselves.
SELECT e.*
FROM events AS e
LEFT JOIN (
    SELECT trace_id, recipient, MAX(sequence) AS newest
    FROM events
    WHERE sequence > 0 AND trace_id IS NOT NULL AND recipient IS NOT NULL
    GROUP BY trace_id, recipient
) AS c ON e.trace_id = c.trace_id AND e.recipient = c.recipient
WHERE c.newest IS NULL OR COALESCE(e.sequence, 0) = c.newest

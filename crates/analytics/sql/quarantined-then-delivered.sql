-- Mail that was quarantined first and delivered later: somebody released it.
-- Columns: quarantined, delivered (times of the newest records), sender, recipient, subject, trace.
WITH held AS (
    SELECT trace_id, recipient, MIN(time) AS quarantined
    FROM events
    WHERE trace_id IS NOT NULL AND recipient IS NOT NULL AND status = 'quarantined'
    GROUP BY trace_id, recipient
)
SELECT
    h.quarantined,
    MAX(CASE WHEN e.status = 'delivered' THEN e.time END) AS delivered,
    MIN(e.sender) AS sender,
    h.recipient,
    MIN(e.subject) AS subject,
    h.trace_id AS trace
FROM held AS h
JOIN events AS e ON e.trace_id = h.trace_id AND e.recipient = h.recipient
WHERE e.status IN ('quarantined', 'delivered')
GROUP BY h.quarantined, h.recipient, h.trace_id
HAVING COUNT(*) FILTER (WHERE e.status = 'delivered') > 0
ORDER BY delivered DESC, trace, h.recipient

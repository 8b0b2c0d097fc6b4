-- Mail that was quarantined first and delivered later: somebody released it.
-- Columns: quarantined, delivered (times of the newest records), sender, recipient, subject, trace.
SELECT
    MIN(CASE WHEN status = 'quarantined' THEN time END) AS quarantined,
    MAX(CASE WHEN status = 'delivered' THEN time END) AS delivered,
    MIN(sender) AS sender,
    recipient,
    MIN(subject) AS subject,
    trace_id AS trace
FROM events
WHERE trace_id IS NOT NULL AND recipient IS NOT NULL AND status IN ('quarantined', 'delivered')
GROUP BY trace_id, recipient
HAVING COUNT(*) FILTER (WHERE status = 'quarantined') > 0 AND COUNT(*) FILTER (WHERE status = 'delivered') > 0
ORDER BY delivered DESC, trace, recipient

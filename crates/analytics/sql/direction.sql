-- Inbound, outbound and internal mail by the hour.
-- Columns: hour (UTC); inbound, outbound, internal, external, unknown (no domains were known when it was normalized).
SELECT
    DATE_TRUNC('hour', time) AS hour,
    COUNT(*) FILTER (WHERE direction = 'inbound') AS inbound,
    COUNT(*) FILTER (WHERE direction = 'outbound') AS outbound,
    COUNT(*) FILTER (WHERE direction = 'internal') AS internal,
    COUNT(*) FILTER (WHERE direction = 'external') AS external,
    COUNT(*) FILTER (WHERE direction IS NULL) AS unknown
FROM records
GROUP BY 1
ORDER BY 1

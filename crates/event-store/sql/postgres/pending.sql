-- The array makes the planner go from the few outbox rows to their events by index, whatever it believes
-- about the size of the outbox.
SELECT aggregate_type, aggregate_id, version, event_id, event_type, schema_version, payload, metadata,
       command_id, recorded_at, commit_id, ordinal
FROM events
WHERE commit_id = ANY (ARRAY(SELECT commit_id FROM outbox ORDER BY commit_id LIMIT $1))
ORDER BY commit_id, ordinal;

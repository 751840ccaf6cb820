SELECT aggregate_type, aggregate_id, version, event_id, event_type, schema_version, payload, metadata,
       command_id, recorded_at, commit_id, ordinal
FROM events
WHERE aggregate_type = $1
ORDER BY aggregate_id, version;

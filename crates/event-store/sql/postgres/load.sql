SELECT aggregate_type, aggregate_id, version, event_id, event_type, schema_version, payload, metadata,
       command_id, recorded_at, commit_id, ordinal
FROM events
WHERE aggregate_type = $1 AND aggregate_id = $2 AND version > $3 AND version <= $4
ORDER BY version;

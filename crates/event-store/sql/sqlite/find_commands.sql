SELECT command_id, aggregate_type, aggregate_id, version, event_count, request_hash, refusal, recorded_at
FROM commands
WHERE command_id IN (SELECT unhex(value) FROM json_each(?1));

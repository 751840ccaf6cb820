INSERT INTO snapshots (aggregate_type, aggregate_id, version, state_schema_version, state)
VALUES ($1, $2, $3, $4, $5::json)
ON CONFLICT ON CONSTRAINT snapshots_key
DO UPDATE SET state_schema_version = excluded.state_schema_version, state = excluded.state;

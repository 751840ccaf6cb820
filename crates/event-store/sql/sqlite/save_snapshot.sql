INSERT INTO snapshots (aggregate_type, aggregate_id, version, state_schema_version, state)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (aggregate_type, aggregate_id, version)
DO UPDATE SET state_schema_version = excluded.state_schema_version, state = excluded.state;

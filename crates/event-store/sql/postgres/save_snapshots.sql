INSERT INTO snapshots (aggregate_type, aggregate_id, version, state_schema_version, state)
SELECT aggregate_type, aggregate_id, version, state_schema_version, state::json
FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::integer[], $5::text[])
     AS snapshot (aggregate_type, aggregate_id, version, state_schema_version, state)
ORDER BY aggregate_type, aggregate_id, version
ON CONFLICT ON CONSTRAINT snapshots_key
DO UPDATE SET state_schema_version = excluded.state_schema_version, state = excluded.state;

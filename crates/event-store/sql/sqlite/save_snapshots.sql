-- The rows of ?1. Ids are hexadecimal, because JSON has no bytes. `WHERE true` tells the parser that ON CONFLICT is no join.
INSERT INTO snapshots (aggregate_type, aggregate_id, version, state_schema_version, state)
SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4
FROM json_each(?1)
WHERE true
ON CONFLICT (aggregate_type, aggregate_id, version)
DO UPDATE SET state_schema_version = excluded.state_schema_version, state = excluded.state;

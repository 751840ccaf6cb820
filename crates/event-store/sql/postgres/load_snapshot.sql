SELECT version, state_schema_version, state
FROM snapshots
WHERE aggregate_type = $1 AND aggregate_id = $2 AND version <= $3
ORDER BY version DESC
LIMIT 1;

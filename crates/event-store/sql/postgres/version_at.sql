SELECT version
FROM events
WHERE aggregate_type = $1 AND aggregate_id = $2 AND recorded_at <= $3
ORDER BY version DESC
LIMIT 1;

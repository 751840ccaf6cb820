SELECT delivery_id, event_id, event_type, state, attempts, next_try_at, last_status, last_error, created_at
FROM deliveries
WHERE webhook_id = $1 AND (created_at < $2 OR (created_at = $2 AND delivery_id < $3))
ORDER BY created_at DESC, delivery_id DESC
LIMIT $4

SELECT delivery_id, event_type, body, attempts FROM deliveries
WHERE webhook_id = $1 AND state = 'waiting' AND next_try_at <= $2
ORDER BY next_try_at, delivery_id
LIMIT $3

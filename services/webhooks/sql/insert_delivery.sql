INSERT INTO deliveries
    (delivery_id, webhook_id, event_id, event_type, body, state, attempts, next_try_at, last_status, last_error,
     created_at, changed_at)
VALUES ($1, $2, $3, $4, $5, 'waiting', 0, $6, 0, '', $6, $6)
ON CONFLICT (delivery_id) DO NOTHING

UPDATE deliveries SET state = 'waiting', attempts = 0, next_try_at = $3, changed_at = $3
WHERE delivery_id = $1 AND webhook_id = $2

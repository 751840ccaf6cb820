UPDATE deliveries
SET state = $2, attempts = attempts + 1, next_try_at = $3, last_status = $4, last_error = $5, changed_at = $6
WHERE delivery_id = $1 AND state = 'waiting'

INSERT INTO emails (lookup, customer_id, command_id, request_hash, reserved_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (lookup) DO NOTHING

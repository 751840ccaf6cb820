SELECT customer_id, claim_id, request_hash, reserved_at FROM emails WHERE lookup = $1

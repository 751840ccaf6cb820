INSERT INTO emails (lookup, customer_id, claim_id, request_hash, reserved_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (lookup) DO NOTHING

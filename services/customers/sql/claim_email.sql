INSERT INTO emails (lookup, customer_id, claim_id, request_hash, reserved_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (lookup) DO UPDATE
SET claim_id = excluded.claim_id, request_hash = excluded.request_hash, reserved_at = excluded.reserved_at
WHERE emails.customer_id = excluded.customer_id

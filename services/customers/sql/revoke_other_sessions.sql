UPDATE sessions SET revoked_at = $3 WHERE customer_id = $1 AND session_id <> $2 AND revoked_at = 0

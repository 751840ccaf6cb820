DELETE FROM sessions WHERE customer_id = $1 AND expires_at <= $2

SELECT customer_id FROM sessions WHERE session_id = $1 AND revoked_at = 0 AND expires_at > $2

INSERT INTO sessions (session_id, customer_id, expires_at) VALUES ($1, $2, $3)

DELETE FROM sessions
WHERE session_id IN (SELECT session_id FROM sessions WHERE expires_at <= $1 LIMIT $2)

UPDATE sessions SET revoked_at = $2 WHERE session_id = $1 AND revoked_at = 0

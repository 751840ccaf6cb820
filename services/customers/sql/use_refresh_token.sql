UPDATE refresh_tokens SET used_at = $2
WHERE token_hash = $1 AND used_at = 0
  AND session_id IN (SELECT session_id FROM sessions WHERE revoked_at = 0 AND expires_at > $2)
RETURNING session_id

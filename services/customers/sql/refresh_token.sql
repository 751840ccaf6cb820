SELECT sessions.session_id, sessions.customer_id, sessions.expires_at, sessions.revoked_at, refresh_tokens.used_at
FROM refresh_tokens JOIN sessions ON sessions.session_id = refresh_tokens.session_id
WHERE refresh_tokens.token_hash = $1

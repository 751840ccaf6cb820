INSERT INTO refresh_tokens (token_hash, session_id) VALUES ($1, $2)

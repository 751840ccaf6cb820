INSERT INTO commands (command_id, owner, request_hash, answer) VALUES ($1, $2, $3, $4)
ON CONFLICT (command_id) DO NOTHING

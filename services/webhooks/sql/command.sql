SELECT request_hash, answer FROM commands WHERE command_id = $1

SELECT creator, source_owner, target_owner FROM transfers WHERE transfer_id = $1

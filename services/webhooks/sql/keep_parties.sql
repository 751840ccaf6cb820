INSERT INTO transfers (transfer_id, creator, source_owner, target_owner) VALUES ($1, $2, $3, $4)
ON CONFLICT (transfer_id) DO UPDATE
SET creator = excluded.creator, source_owner = excluded.source_owner, target_owner = excluded.target_owner

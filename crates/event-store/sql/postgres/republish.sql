INSERT INTO outbox (commit_id)
SELECT commit_id FROM commands WHERE command_id = $1 AND commit_id IS NOT NULL
ON CONFLICT ON CONSTRAINT outbox_key DO NOTHING;

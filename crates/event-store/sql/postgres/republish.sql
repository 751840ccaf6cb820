INSERT INTO outbox (commit_id, event_count)
SELECT commit_id, (SELECT count(*) FROM events WHERE events.commit_id = commands.commit_id)
FROM commands
WHERE command_id = $1 AND commit_id IS NOT NULL
ON CONFLICT ON CONSTRAINT outbox_key DO NOTHING;

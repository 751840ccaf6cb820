-- A row that comes back after a crash only causes a duplicate, so that nobody waits for the disk here.
DELETE FROM outbox
USING (SELECT set_config('synchronous_commit', 'off', true)) AS relaxed
WHERE commit_id = ANY ($1);

DELETE FROM outbox WHERE commit_id IN (SELECT value FROM json_each(?1));

DELETE FROM outbox WHERE commit_id = ANY ($1);

-- A commit may hold the events of many commands; the relay reads as many commits as it can hold events of.
ALTER TABLE outbox ADD COLUMN event_count integer NOT NULL DEFAULT 1;

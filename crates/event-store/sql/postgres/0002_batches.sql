-- A commit may hold the events of many commands; the relay reads as many commits as it can hold events of.
ALTER TABLE outbox ADD COLUMN event_count integer NOT NULL DEFAULT 1;

-- The id first: two entries of the index almost always differ there, and a text is slow to compare.
ALTER TABLE events DROP CONSTRAINT events_version_key;
ALTER TABLE events ADD CONSTRAINT events_version_key PRIMARY KEY (aggregate_id, version, aggregate_type);

-- Streams by whom their first event names as its `owner`: an index of the facts themselves, so that nothing has to keep it.
-- Events that name nobody are not in it.
CREATE INDEX events_by_owner ON events (aggregate_type, (payload ->> 'owner'), aggregate_id)
WHERE version = 1 AND payload ->> 'owner' IS NOT NULL;

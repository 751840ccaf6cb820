-- CROSS JOIN keeps the outbox on the outside, whatever the statistics say.
SELECT aggregate_type, aggregate_id, version, event_id, event_type, schema_version, payload, metadata,
       command_id, recorded_at, event.commit_id AS commit_id, ordinal
FROM (SELECT commit_id FROM outbox ORDER BY commit_id LIMIT ?1) AS oldest
CROSS JOIN events AS event ON event.commit_id = oldest.commit_id
ORDER BY event.commit_id, ordinal;

-- The oldest commits outside ?1 that together hold about ?2 events. CROSS JOIN keeps the outbox on the outside, whatever
-- the statistics say.
SELECT aggregate_type, aggregate_id, version, event_id, event_type, schema_version, payload, metadata,
       command_id, recorded_at, event.commit_id AS commit_id, ordinal
FROM (SELECT commit_id, sum(event_count) OVER (ORDER BY commit_id) - event_count AS events_before
      FROM (SELECT commit_id, event_count FROM outbox
            WHERE commit_id NOT IN (SELECT value FROM json_each(?1)) ORDER BY commit_id LIMIT ?2)) AS counted
CROSS JOIN events AS event ON event.commit_id = counted.commit_id
WHERE events_before < ?2
ORDER BY event.commit_id, ordinal;

-- The oldest commits outside $1 that together hold about $2 events. The array makes the planner go from the few
-- outbox rows to their events by index, whatever it believes about the size of the outbox.
SELECT aggregate_type, aggregate_id, version, event_id, event_type, schema_version, payload, metadata,
       command_id, recorded_at, commit_id, ordinal
FROM events
WHERE commit_id = ANY (ARRAY(
    SELECT commit_id
    FROM (SELECT commit_id, sum(event_count) OVER (ORDER BY commit_id) - event_count AS events_before
          FROM (SELECT commit_id, event_count FROM outbox WHERE commit_id <> ALL ($1) ORDER BY commit_id LIMIT $2) AS oldest
         ) AS counted
    WHERE events_before < $2))
ORDER BY commit_id, ordinal;

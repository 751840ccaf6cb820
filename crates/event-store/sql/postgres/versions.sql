SELECT coalesce((SELECT version FROM events
                 WHERE aggregate_type = $1 AND events.aggregate_id = wanted.aggregate_id
                 ORDER BY version DESC LIMIT 1), 0)
FROM unnest($2::uuid[]) WITH ORDINALITY AS wanted (aggregate_id, place)
ORDER BY place;

SELECT (SELECT coalesce(max(version), 0) FROM events
        WHERE aggregate_type = $1 AND events.aggregate_id = wanted.aggregate_id)
FROM unnest($2::uuid[]) WITH ORDINALITY AS wanted (aggregate_id, place)
ORDER BY place;

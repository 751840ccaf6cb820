-- For each command whether it is recorded, and the version of its stream.
SELECT EXISTS (SELECT FROM commands WHERE commands.command_id = commit.command_id),
       (SELECT coalesce(max(version), 0) FROM events
        WHERE aggregate_type = $1 AND events.aggregate_id = commit.aggregate_id)
FROM unnest($2::uuid[], $3::uuid[]) WITH ORDINALITY AS commit (command_id, aggregate_id, place)
ORDER BY place;

-- For each command whether it is recorded, and the version of its stream.
SELECT EXISTS (SELECT FROM commands WHERE commands.command_id = commit.command_id),
       coalesce((SELECT version FROM events
                 WHERE aggregate_type = $1 AND events.aggregate_id = commit.aggregate_id
                 ORDER BY version DESC LIMIT 1), 0)
FROM unnest($2::uuid[], $3::uuid[]) WITH ORDINALITY AS commit (command_id, aggregate_id, place)
ORDER BY place;

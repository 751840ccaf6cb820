-- Whether the command is recorded, and the stream's version.
SELECT EXISTS (SELECT FROM commands WHERE command_id = $1),
       (SELECT coalesce(max(version), 0) FROM events WHERE aggregate_type = $2 AND aggregate_id = $3);

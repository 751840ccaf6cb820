-- For each of the rows [command id, stream] in ?2, in their order: whether the command is recorded, and the version of
-- the stream, one of the type ?1.
SELECT EXISTS (SELECT 1 FROM commands WHERE command_id = unhex(asked.value ->> 0)),
       (SELECT coalesce(max(version), 0) FROM events
        WHERE aggregate_type = ?1 AND aggregate_id = unhex(asked.value ->> 1))
FROM json_each(?2) AS asked
ORDER BY asked.key;

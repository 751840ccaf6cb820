-- For each of the rows [stream, version, version] in ?2 the events above the first version up to the second one.
-- CROSS JOIN keeps the rows on the outside, whatever the statistics say.
SELECT asked.key AS place, aggregate_type, aggregate_id, version, event_id, event_type, schema_version, payload,
       metadata, command_id, recorded_at, commit_id, ordinal
FROM json_each(?2) AS asked
CROSS JOIN events ON aggregate_type = ?1 AND aggregate_id = unhex(asked.value ->> 0)
    AND version > asked.value ->> 1 AND version <= asked.value ->> 2
ORDER BY asked.key, version;

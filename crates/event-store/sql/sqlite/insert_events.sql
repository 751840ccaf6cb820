-- The rows of ?3, the events of the commit ?2 of streams of the type ?1. Ids are hexadecimal, because JSON has no bytes;
-- payload and metadata are JSON inside a text, so that they are stored as they were written.
INSERT INTO events (aggregate_type, aggregate_id, version, event_id, event_type, schema_version, payload,
                    metadata, command_id, recorded_at, commit_id, ordinal)
WITH given AS MATERIALIZED (SELECT value FROM json_each(?3)) -- else the text of a row is made anew for each column
SELECT ?1, unhex(value ->> 0), value ->> 1, unhex(value ->> 2), value ->> 3, value ->> 4, value ->> 5,
       value ->> 6, unhex(value ->> 7), value ->> 8, ?2, value ->> 9
FROM given;

-- The rows of ?2, for streams of the type ?1. Ids and hashes are hexadecimal, because JSON has no bytes.
INSERT INTO commands (command_id, aggregate_type, aggregate_id, version, event_count, request_hash, refusal,
                      recorded_at, commit_id)
WITH given AS MATERIALIZED (SELECT value FROM json_each(?2)) -- else the text of a row is made anew for each column
SELECT unhex(value ->> 0), ?1, unhex(value ->> 1), value ->> 2, value ->> 3, unhex(value ->> 4), value ->> 5,
       value ->> 6, value ->> 7
FROM given;

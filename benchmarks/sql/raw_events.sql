-- As raw.sql, without the commands and the outbox; $9 is not used.
WITH commit AS (
    SELECT nextval('commit_ids') AS commit_id
),
event AS (
    INSERT INTO events (aggregate_type, aggregate_id, version, event_id, event_type, schema_version, payload,
                        metadata, command_id, recorded_at, commit_id, ordinal)
    SELECT 'account', aggregate_id, $2, event_id, $5, 1, payload::json, $7::json, command_id, $8, commit_id, place - 1
    FROM commit, unnest($1::uuid[], $3::uuid[], $4::uuid[], $6::text[])
        WITH ORDINALITY AS row_of (aggregate_id, event_id, command_id, payload, place)
)
SELECT cardinality($1::uuid[])::bigint;

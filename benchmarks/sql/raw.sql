-- One event each for many accounts that are all at the same version, with its command, in one commit.
--   $1  the accounts   $2  the version   $3  event ids   $4  command ids   $5  the event type   $6  the payloads
--   $7  metadata       $8  the time      $9  request hash
WITH outbox_row AS (
    INSERT INTO outbox (commit_id, event_count) SELECT nextval('commit_ids'), cardinality($1::uuid[])
    RETURNING commit_id
),
row_of AS (
    SELECT * FROM unnest($1::uuid[], $3::uuid[], $4::uuid[], $6::text[])
        WITH ORDINALITY AS row_of (aggregate_id, event_id, command_id, payload, place)
),
command AS (
    INSERT INTO commands (command_id, aggregate_type, aggregate_id, version, event_count, request_hash, recorded_at,
                          commit_id)
    SELECT command_id, 'account', aggregate_id, $2, 1, $9, $8, commit_id
    FROM outbox_row, row_of
),
event AS (
    INSERT INTO events (aggregate_type, aggregate_id, version, event_id, event_type, schema_version, payload,
                        metadata, command_id, recorded_at, commit_id, ordinal)
    SELECT 'account', aggregate_id, $2, event_id, $5, 1, payload::json, $7::json, command_id, $8, commit_id, place - 1
    FROM outbox_row, row_of
)
SELECT cardinality($1::uuid[])::bigint;

-- One commit in one statement: one transaction, one round trip, and nothing of it stands unless all of it does.
--   $1, $2  the stream         $3  the expected version    $4  the command      $5  when it was decided
--   $6      request hash       $7  refusal                 $8  metadata         $9  deadline
--   $10 … $13  the events: ids, types, schema versions, payloads
-- The row that comes back holds the commit's id, or 0 when there is no event to bear it. No row comes back when
-- the stream is at another version. A writer who is faster after this statement has begun is met by the unique
-- keys, which wait for his commit and then refuse.
WITH stream AS (
    SELECT cardinality($10::uuid[]) AS event_count
    WHERE $3 = (SELECT coalesce(max(version), 0) FROM events WHERE aggregate_type = $1 AND aggregate_id = $2)
),
outbox_row AS (
    INSERT INTO outbox (commit_id)
    SELECT nextval('commit_ids') FROM stream WHERE event_count > 0
    RETURNING commit_id
),
command AS (
    INSERT INTO commands (command_id, aggregate_type, aggregate_id, version, event_count, request_hash, refusal,
                          recorded_at, commit_id)
    SELECT $4, $1, $2, $3 + event_count, event_count, $6, $7::json, $5, (SELECT commit_id FROM outbox_row)
    FROM stream
    RETURNING commit_id
),
recorded AS (
    INSERT INTO events (aggregate_type, aggregate_id, version, event_id, event_type, schema_version, payload,
                        metadata, command_id, recorded_at, commit_id, ordinal)
    SELECT $1, $2, $3 + place, event_id, event_type, schema_version, payload::json,
           $8::json, $4, $5, commit_id, place - 1
    FROM outbox_row,
         unnest($10::uuid[], $11::text[], $12::integer[], $13::text[])
         WITH ORDINALITY AS event (event_id, event_type, schema_version, payload, place)
),
deadline_set AS (
    INSERT INTO deadlines (aggregate_type, aggregate_id, due_at)
    SELECT $1, $2, $9::timestamptz FROM outbox_row WHERE $9 IS NOT NULL
    ON CONFLICT ON CONSTRAINT deadlines_key DO UPDATE SET due_at = excluded.due_at
    WHERE deadlines.due_at <> excluded.due_at
),
deadline_met AS (
    DELETE FROM deadlines USING outbox_row WHERE $9 IS NULL AND aggregate_type = $1 AND aggregate_id = $2
)
SELECT coalesce(commit_id, 0) FROM command;

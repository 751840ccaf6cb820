-- Commits of one aggregate type in one statement: one transaction, one round trip, and nothing of it stands unless all
-- of it does.
--   $1                     the aggregate type
--   $2, $3                 the streams, and the version that each must have
--   $4 … $10               the commands: ids, streams, versions, event counts, request hashes, refusals, times
--   $11 … $19              the events: streams, versions, ids, types, schema versions, payloads, metadata, commands, times
--   $20, $21               deadlines to set: streams, times
--   $22                    deadlines to clear: streams
-- The row that comes back holds the commit's id, or 0 when there is no event to bear it. No row comes back when a
-- stream is at another version. A writer who is faster after this statement has begun is met by the unique keys,
-- which wait for his commit and then refuse. The rows come sorted by stream, so that two writers rarely wait for
-- each other.
WITH unmoved AS (
    SELECT cardinality($11::uuid[]) AS event_count
    WHERE NOT EXISTS (
        SELECT FROM unnest($2::uuid[], $3::bigint[]) AS believed (aggregate_id, version)
        -- The last entry of the index; `max(version)` is planned as a scan of the whole stream while the table is young.
        WHERE believed.version <> coalesce(
            (SELECT events.version FROM events
             WHERE aggregate_type = $1 AND events.aggregate_id = believed.aggregate_id
             ORDER BY events.version DESC LIMIT 1), 0)
    )
),
outbox_row AS (
    INSERT INTO outbox (commit_id, event_count)
    SELECT nextval('commit_ids'), event_count FROM unmoved WHERE event_count > 0
    RETURNING commit_id
),
recorded_commands AS (
    INSERT INTO commands (command_id, aggregate_type, aggregate_id, version, event_count, request_hash, refusal,
                          recorded_at, commit_id)
    SELECT command.command_id, $1, command.aggregate_id, command.version, command.event_count, command.request_hash,
           command.refusal::json, command.recorded_at,
           CASE WHEN command.event_count > 0 THEN (SELECT commit_id FROM outbox_row) END
    FROM unmoved,
         unnest($4::uuid[], $5::uuid[], $6::bigint[], $7::integer[], $8::bytea[], $9::text[], $10::timestamptz[])
         AS command (command_id, aggregate_id, version, event_count, request_hash, refusal, recorded_at)
),
recorded_events AS (
    INSERT INTO events (aggregate_type, aggregate_id, version, event_id, event_type, schema_version, payload,
                        metadata, command_id, recorded_at, commit_id, ordinal)
    SELECT $1, aggregate_id, version, event_id, event_type, schema_version, payload::json, metadata::json, command_id,
           recorded_at, commit_id, place - 1
    FROM outbox_row,
         unnest($11::uuid[], $12::bigint[], $13::uuid[], $14::text[], $15::integer[], $16::text[], $17::text[],
                $18::uuid[], $19::timestamptz[])
         WITH ORDINALITY AS event (aggregate_id, version, event_id, event_type, schema_version, payload, metadata,
                                   command_id, recorded_at, place)
),
deadlines_set AS (
    INSERT INTO deadlines (aggregate_type, aggregate_id, due_at)
    SELECT $1, aggregate_id, due_at
    FROM outbox_row, unnest($20::uuid[], $21::timestamptz[]) AS change (aggregate_id, due_at)
    ON CONFLICT ON CONSTRAINT deadlines_key DO UPDATE SET due_at = excluded.due_at
    WHERE deadlines.due_at <> excluded.due_at
),
deadlines_cleared AS (
    DELETE FROM deadlines USING outbox_row WHERE aggregate_type = $1 AND aggregate_id = ANY ($22::uuid[])
)
SELECT coalesce((SELECT commit_id FROM outbox_row), 0) FROM unmoved;

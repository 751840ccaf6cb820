-- Parts of streams of the type $1: for each of the streams $3 the newest snapshot of the state schema $2 up to the
-- version in $4, as a row of its own with `state`, and the events after it up to the version in $5.
WITH wanted AS MATERIALIZED (
    SELECT place, asked.aggregate_id, asked.until, coalesce(snapshot.version, 0) AS base, snapshot.state
    FROM unnest($3::uuid[], $4::bigint[], $5::bigint[]) WITH ORDINALITY
         AS asked (aggregate_id, snapshot_until, until, place)
    LEFT JOIN LATERAL (
        SELECT version, state FROM snapshots
        WHERE aggregate_type = $1 AND snapshots.aggregate_id = asked.aggregate_id
          AND version <= asked.snapshot_until AND state_schema_version = $2
        ORDER BY version DESC
        LIMIT 1
    ) AS snapshot ON true
)
SELECT place, base AS version, state, NULL::uuid AS event_id, NULL::text AS event_type, NULL::integer AS schema_version,
       NULL::json AS payload, NULL::json AS metadata, NULL::uuid AS command_id, NULL::timestamptz AS recorded_at,
       NULL::bigint AS commit_id, NULL::integer AS ordinal
FROM wanted
WHERE state IS NOT NULL
UNION ALL
SELECT place, event.version, NULL, event_id, event_type, schema_version, payload, metadata, command_id, recorded_at,
       commit_id, ordinal
FROM wanted,
     LATERAL (SELECT * FROM events
              WHERE aggregate_type = $1 AND events.aggregate_id = wanted.aggregate_id
                AND version > wanted.base AND version <= wanted.until
              -- Keeps the planner from joining with all events of the store.
              ORDER BY version OFFSET 0) AS event
ORDER BY place, version;

-- The youngest streams of each shape, among those that are short enough.
WITH streams AS (
    SELECT aggregate_id, max(commit_id) AS changed
    FROM events
    WHERE aggregate_type = ?1
    GROUP BY aggregate_id
    HAVING max(version) <= ?3
), shapes AS (
    SELECT DISTINCT event_type, schema_version, aggregate_id
    FROM events
    WHERE aggregate_type = ?1
), places AS (
    SELECT streams.aggregate_id,
           row_number() OVER (
               PARTITION BY event_type, schema_version ORDER BY changed DESC, streams.aggregate_id DESC
           ) AS place
    FROM shapes
    JOIN streams ON streams.aggregate_id = shapes.aggregate_id
)
SELECT DISTINCT aggregate_id
FROM places
WHERE place <= ?2
ORDER BY aggregate_id;

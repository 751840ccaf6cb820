-- The rows [stream, time] of ?2, for streams of the type ?1. `WHERE true` tells the parser that ON CONFLICT is no join.
INSERT INTO deadlines (aggregate_type, aggregate_id, due_at)
SELECT ?1, unhex(value ->> 0), value ->> 1
FROM json_each(?2)
WHERE true
ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE SET due_at = excluded.due_at
WHERE due_at <> excluded.due_at;

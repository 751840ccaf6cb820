INSERT INTO deadlines (aggregate_type, aggregate_id, due_at)
VALUES (?1, ?2, ?3)
ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE SET due_at = excluded.due_at
WHERE due_at <> excluded.due_at;

SELECT aggregate_id, due_at
FROM deadlines
WHERE aggregate_type = $1 AND due_at <= $2
ORDER BY due_at, aggregate_id
LIMIT $3;

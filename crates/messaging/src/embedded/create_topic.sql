INSERT INTO topics (name, partition_count)
VALUES (?1, ?2)
ON CONFLICT (name) DO NOTHING

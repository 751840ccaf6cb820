INSERT INTO group_offsets (group_id, topic_id, partition, next_offset)
VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (group_id, topic_id, partition) DO UPDATE SET next_offset = excluded.next_offset

SELECT group_offsets.group_id, topics.name, group_offsets.partition, group_offsets.next_offset
FROM group_offsets
JOIN topics USING (topic_id)

SELECT messages.partition, messages.log_offset, messages.key, messages.headers, messages.payload
FROM messages
JOIN topics USING (topic_id)
WHERE topics.name = ?1
ORDER BY messages.partition, messages.log_offset

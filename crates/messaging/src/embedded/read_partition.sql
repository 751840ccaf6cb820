SELECT log_offset, key, headers, payload
FROM messages
WHERE topic_id = ?1 AND partition = ?2 AND log_offset >= ?3
ORDER BY log_offset
LIMIT ?4

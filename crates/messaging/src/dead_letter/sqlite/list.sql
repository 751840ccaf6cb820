SELECT topic, partition, log_offset, key, reason, parked_at, headers, payload
FROM dead_letters
WHERE subscription_id = ?1 AND (?2 IS NULL OR key = ?2)
ORDER BY topic, key, log_offset

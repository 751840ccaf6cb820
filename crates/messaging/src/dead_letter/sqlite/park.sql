INSERT INTO dead_letters
    (subscription_id, topic, partition, log_offset, key, reason, parked_at, headers, payload)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (subscription_id, topic, partition, log_offset) DO NOTHING

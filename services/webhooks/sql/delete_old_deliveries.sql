DELETE FROM deliveries
WHERE delivery_id IN (SELECT delivery_id FROM deliveries WHERE changed_at < $1 ORDER BY changed_at LIMIT $2)

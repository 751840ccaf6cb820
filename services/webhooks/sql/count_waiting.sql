SELECT COUNT(*) FROM deliveries WHERE state = 'waiting'

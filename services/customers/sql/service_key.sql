SELECT key FROM service_keys WHERE name = $1

INSERT INTO customers (customer_id, data_key, password_hash, unsettled_since) VALUES ($1, $2, $3, $4)

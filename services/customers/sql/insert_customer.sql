INSERT INTO customers (customer_id, data_key, password_hash) VALUES ($1, $2, $3)

SELECT data_key FROM customers WHERE customer_id = $1

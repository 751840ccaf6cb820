SELECT customer_id, data_key FROM customers

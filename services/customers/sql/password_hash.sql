SELECT password_hash FROM customers WHERE customer_id = $1

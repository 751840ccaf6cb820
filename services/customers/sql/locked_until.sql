SELECT locked_until FROM customers WHERE customer_id = $1

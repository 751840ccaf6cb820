DELETE FROM customers WHERE customer_id = $1

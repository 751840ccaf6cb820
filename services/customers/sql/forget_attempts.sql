UPDATE customers SET failed_attempts = 0, locked_until = 0 WHERE customer_id = $1

UPDATE customers SET password_hash = $3 WHERE customer_id = $1 AND password_hash = $2

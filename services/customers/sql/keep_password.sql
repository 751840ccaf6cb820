UPDATE customers SET password_hash = password_hash WHERE customer_id = $1 AND password_hash = $2

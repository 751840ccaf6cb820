UPDATE customers SET unsettled_since = 0 WHERE customer_id = $1

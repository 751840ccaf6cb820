SELECT customer_id FROM customers
WHERE unsettled_since > 0 AND unsettled_since < $1
ORDER BY unsettled_since LIMIT $2

SELECT customer_id FROM accounts WHERE account_id = $1 AND is_open = 1

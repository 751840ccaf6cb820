SELECT account_id, currency FROM accounts WHERE customer_id = $1 AND is_open = 1 ORDER BY account_id

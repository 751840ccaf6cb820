UPDATE accounts SET is_open = 0 WHERE account_id = $1

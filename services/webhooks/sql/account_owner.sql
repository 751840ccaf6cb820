SELECT owner FROM accounts WHERE account_id = $1

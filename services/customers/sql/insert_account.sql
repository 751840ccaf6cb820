INSERT INTO accounts (account_id, customer_id, currency, is_open) VALUES ($1, $2, $3, 1)
ON CONFLICT (account_id) DO NOTHING

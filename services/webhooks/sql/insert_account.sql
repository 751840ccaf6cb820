INSERT INTO accounts (account_id, owner) VALUES ($1, $2) ON CONFLICT (account_id) DO NOTHING

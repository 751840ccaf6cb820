INSERT INTO owners (owner, is_erased) VALUES ($1, 0) ON CONFLICT (owner) DO NOTHING

INSERT INTO owners (owner, is_erased) VALUES ($1, 1) ON CONFLICT (owner) DO UPDATE SET is_erased = 1

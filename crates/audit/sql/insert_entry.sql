INSERT INTO audit_entries (sequence, entry, hash) VALUES ($1, $2, $3)

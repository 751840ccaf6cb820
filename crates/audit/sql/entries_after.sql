SELECT sequence, entry, hash FROM audit_entries WHERE sequence > $1 ORDER BY sequence LIMIT $2

UPDATE audit_head SET sequence = sequence RETURNING sequence, hash

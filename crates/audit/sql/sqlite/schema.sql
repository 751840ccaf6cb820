-- Entries are only ever added. Hashes are hexadecimal.
CREATE TABLE IF NOT EXISTS audit_entries (
    sequence INTEGER NOT NULL PRIMARY KEY CHECK (sequence > 0),
    entry    TEXT NOT NULL,
    hash     TEXT NOT NULL
) STRICT;

CREATE TRIGGER IF NOT EXISTS audit_entries_stay BEFORE DELETE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER IF NOT EXISTS audit_entries_are_final BEFORE UPDATE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- One row: where the chain ends. Whoever appends updates it first, and others wait.
CREATE TABLE IF NOT EXISTS audit_head (
    single   INTEGER NOT NULL PRIMARY KEY CHECK (single = 1),
    sequence INTEGER NOT NULL,
    hash     TEXT NOT NULL
) STRICT;

INSERT INTO audit_head (single, sequence, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000')
ON CONFLICT DO NOTHING;

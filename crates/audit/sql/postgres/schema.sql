-- Entries are only ever added. Hashes are hexadecimal.

-- Two processes can start at once.
SELECT pg_advisory_xact_lock(7239472016);

CREATE TABLE IF NOT EXISTS audit_entries (
    sequence BIGINT NOT NULL PRIMARY KEY CHECK (sequence > 0),
    entry    TEXT NOT NULL,
    hash     TEXT NOT NULL
);

CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;

CREATE OR REPLACE TRIGGER audit_entries_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

-- One row: where the chain ends. Whoever appends updates it first, and others wait.
CREATE TABLE IF NOT EXISTS audit_head (
    single   BOOLEAN NOT NULL PRIMARY KEY CHECK (single),
    sequence BIGINT NOT NULL,
    hash     TEXT NOT NULL
);

INSERT INTO audit_head (single, sequence, hash)
VALUES (true, 0, '0000000000000000000000000000000000000000000000000000000000000000')
ON CONFLICT DO NOTHING;

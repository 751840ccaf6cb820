-- Entries are only ever added. Hashes are hexadecimal.

-- Two processes can start at once.
SELECT pg_advisory_xact_lock(7239472016);

-- Only where it is missing. To make it over again would lock what others are writing to, in another order than they do,
-- and one of them would lose its entries to the deadlock.
DO $$ BEGIN
IF to_regclass('audit_head') IS NOT NULL THEN
    RETURN;
END IF;

CREATE TABLE audit_entries (
    sequence BIGINT NOT NULL PRIMARY KEY CHECK (sequence > 0),
    entry    TEXT NOT NULL,
    hash     TEXT NOT NULL
);

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$body$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $body$;

CREATE TRIGGER audit_entries_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

-- One row: where the chain ends. Whoever appends updates it first, and others wait.
CREATE TABLE audit_head (
    single   BOOLEAN NOT NULL PRIMARY KEY CHECK (single),
    sequence BIGINT NOT NULL,
    hash     TEXT NOT NULL
);

INSERT INTO audit_head (single, sequence, hash)
VALUES (true, 0, '0000000000000000000000000000000000000000000000000000000000000000');
END $$;

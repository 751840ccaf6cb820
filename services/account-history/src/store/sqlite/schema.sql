-- Which generations of the views there are: one row, changed as a whole.
CREATE TABLE IF NOT EXISTS generations (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    active    INTEGER NOT NULL,
    building  INTEGER,
    announced INTEGER NOT NULL DEFAULT 0,
    missed    INTEGER NOT NULL DEFAULT 0,
    last      INTEGER NOT NULL
) STRICT;

INSERT INTO generations (id, active, last) VALUES (1, 1, 1) ON CONFLICT (id) DO NOTHING;

-- One document an account. Without a customer the account was not opened, and nobody sees the document.
CREATE TABLE IF NOT EXISTS accounts (
    generation  INTEGER NOT NULL,
    account_id  TEXT    NOT NULL,
    revision    INTEGER NOT NULL,
    customer_id TEXT,
    document    TEXT    NOT NULL,
    UNIQUE (generation, account_id)
) STRICT;

CREATE INDEX IF NOT EXISTS accounts_by_customer ON accounts (generation, customer_id, account_id)
WHERE customer_id IS NOT NULL;

-- One row a version of an account; those that moved money are its entries.
CREATE TABLE IF NOT EXISTS moments (
    generation INTEGER NOT NULL,
    account_id TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    at         INTEGER NOT NULL, -- microseconds since 1970
    is_entry   INTEGER NOT NULL,
    moment     TEXT    NOT NULL,
    PRIMARY KEY (generation, account_id, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS moments_by_time ON moments (generation, account_id, at);

CREATE TABLE IF NOT EXISTS transfers (
    generation  INTEGER NOT NULL,
    transfer_id TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    document    TEXT    NOT NULL,
    UNIQUE (generation, transfer_id)
) STRICT;

-- Both accounts of every transfer, in the order in which an account's transfers are listed.
CREATE TABLE IF NOT EXISTS parties (
    generation  INTEGER NOT NULL,
    account_id  TEXT    NOT NULL,
    created_at  INTEGER NOT NULL, -- microseconds since 1970
    transfer_id TEXT    NOT NULL,
    PRIMARY KEY (generation, account_id, created_at, transfer_id)
) STRICT, WITHOUT ROWID;

-- What can be forgotten about customers. Times are milliseconds since 1970.

-- Keys of the service itself.
CREATE TABLE service_keys (
    name TEXT NOT NULL PRIMARY KEY,
    key  BLOB NOT NULL
) STRICT;

CREATE TABLE customers (
    customer_id     TEXT NOT NULL PRIMARY KEY,
    -- Destroying it erases the person from every copy of every event.
    data_key        BLOB NOT NULL,
    password_hash   TEXT NOT NULL,
    -- 0 once the registration is known to stand; until then when it was begun.
    unsettled_since INTEGER NOT NULL
) STRICT;

CREATE INDEX customers_unsettled ON customers (unsettled_since) WHERE unsettled_since > 0;

-- Who holds an e-mail address. The events say whose it is.
CREATE TABLE emails (
    -- HMAC-SHA-256 of the folded address.
    lookup       BLOB NOT NULL PRIMARY KEY,
    customer_id  TEXT NOT NULL REFERENCES customers ON DELETE CASCADE,
    -- Another one each time that somebody reserves the address: whoever gives it up gives up what they have seen.
    claim_id     TEXT NOT NULL,
    -- What a registration asked for, so that the same one is known again; empty for a change of address.
    request_hash BLOB NOT NULL,
    reserved_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX emails_by_customer ON emails (customer_id);

CREATE TABLE sessions (
    session_id  TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customers ON DELETE CASCADE,
    expires_at  INTEGER NOT NULL,
    -- 0 while it lasts.
    revoked_at  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX sessions_by_customer ON sessions (customer_id);

CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    -- SHA-256 of the token.
    token_hash BLOB NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    -- 0 until it is used.
    used_at    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

-- How often a password was tried and not found right.
CREATE TABLE attempts (
    -- The lookup of an e-mail address, whether it is anybody's or not, or a customer who changes their password.
    subject      BLOB NOT NULL PRIMARY KEY,
    failures     INTEGER NOT NULL,
    -- 0 when it is not locked.
    locked_until INTEGER NOT NULL,
    last_at      INTEGER NOT NULL
) STRICT;

CREATE INDEX attempts_by_age ON attempts (last_at);

-- A view of the accounts' events: where a payee can be paid.
CREATE TABLE accounts (
    account_id  TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL,
    currency    TEXT NOT NULL,
    is_open     INTEGER NOT NULL
) STRICT;

CREATE INDEX accounts_by_customer ON accounts (customer_id);

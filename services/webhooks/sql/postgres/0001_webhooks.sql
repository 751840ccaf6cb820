-- Who wants to hear of what, and what they were sent. Times are milliseconds since 1970; 0 and '' stand for none.

-- Whoever has made a webhook, and every customer who was erased, so that none is made for them afterwards.
CREATE TABLE owners (
    owner     TEXT NOT NULL PRIMARY KEY,
    is_erased BIGINT NOT NULL
);

CREATE TABLE webhooks (
    webhook_id      TEXT NOT NULL PRIMARY KEY,
    -- A customer's id, or `operators`.
    owner           TEXT NOT NULL,
    url             TEXT NOT NULL,
    -- A JSON list of names, or of `*`.
    event_types     TEXT NOT NULL,
    description     TEXT NOT NULL,
    -- Sealed. The one before it signs as well until then.
    secret          BYTEA NOT NULL,
    previous_secret BYTEA NOT NULL,
    previous_until  BIGINT NOT NULL,
    is_enabled      BIGINT NOT NULL,
    disabled_reason TEXT NOT NULL,
    version         BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    -- Since when nothing has been delivered, and how often in a row that was tried.
    failing_since   BIGINT NOT NULL,
    failures        BIGINT NOT NULL,
    -- Nobody takes it in hand before; `lease` names who did last.
    free_from       BIGINT NOT NULL,
    lease           TEXT NOT NULL
);

CREATE INDEX webhooks_by_owner ON webhooks (owner, created_at, webhook_id);

CREATE INDEX webhooks_by_turn ON webhooks (free_from, webhook_id) WHERE is_enabled = 1;

CREATE TABLE deliveries (
    -- Follows from the webhook and the event: the same message makes no second one.
    delivery_id TEXT NOT NULL PRIMARY KEY,
    webhook_id  TEXT NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    event_id    TEXT NOT NULL,
    event_type  TEXT NOT NULL,
    body        TEXT NOT NULL,
    -- waiting, delivered, failed
    state       TEXT NOT NULL,
    attempts    BIGINT NOT NULL,
    next_try_at BIGINT NOT NULL,
    last_status BIGINT NOT NULL,
    last_error  TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL
);

CREATE INDEX deliveries_due ON deliveries (webhook_id, next_try_at) WHERE state = 'waiting';

CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, created_at, delivery_id);

CREATE INDEX deliveries_by_age ON deliveries (changed_at);

-- Commands under an Idempotency-Key, and what was answered.
CREATE TABLE commands (
    command_id   TEXT NOT NULL PRIMARY KEY,
    owner        TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    -- Sealed: a signing secret may be in it.
    answer       BYTEA NOT NULL
);

CREATE INDEX commands_by_owner ON commands (owner);

-- A view of the accounts' events: whose they are.
CREATE TABLE accounts (
    account_id TEXT NOT NULL PRIMARY KEY,
    owner      TEXT NOT NULL
);

-- A view of the transfers' events: who may know of one.
CREATE TABLE transfers (
    transfer_id  TEXT NOT NULL PRIMARY KEY,
    creator      TEXT NOT NULL,
    source_owner TEXT NOT NULL,
    target_owner TEXT NOT NULL
);

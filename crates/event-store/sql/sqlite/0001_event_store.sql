-- Ids are UUIDs as 16 bytes, times are microseconds since 1970 UTC, JSON is text.

-- What happened. Rows are only ever added.
CREATE TABLE events (
    aggregate_type TEXT    NOT NULL,
    aggregate_id   BLOB    NOT NULL,
    version        INTEGER NOT NULL CHECK (version > 0),
    event_id       BLOB    NOT NULL UNIQUE,
    event_type     TEXT    NOT NULL,
    schema_version INTEGER NOT NULL,
    payload        TEXT    NOT NULL,
    metadata       TEXT    NOT NULL,
    command_id     BLOB    NOT NULL,
    recorded_at    INTEGER NOT NULL,
    commit_id      INTEGER NOT NULL,
    ordinal        INTEGER NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, version), -- decides races
    UNIQUE (commit_id, ordinal)                          -- the relay's order
) STRICT;

-- Every command that was carried out or refused, with its result.
CREATE TABLE commands (
    command_id     BLOB    NOT NULL PRIMARY KEY,
    aggregate_type TEXT    NOT NULL,
    aggregate_id   BLOB    NOT NULL,
    version        INTEGER NOT NULL,
    event_count    INTEGER NOT NULL,
    request_hash   BLOB,
    refusal        TEXT,
    recorded_at    INTEGER NOT NULL,
    commit_id      INTEGER -- absent when it appended no events
) STRICT;

-- Commits whose events are not yet known to be published. AUTOINCREMENT, because rows are deleted and
-- an id must never be given twice.
CREATE TABLE outbox (
    commit_id INTEGER PRIMARY KEY AUTOINCREMENT
) STRICT;

-- Shortened replays; deleting any of them changes no answer.
CREATE TABLE snapshots (
    aggregate_type       TEXT    NOT NULL,
    aggregate_id         BLOB    NOT NULL,
    version              INTEGER NOT NULL,
    state_schema_version INTEGER NOT NULL,
    state                TEXT    NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, version)
) STRICT;

-- When an aggregate must be looked at even if nothing arrives.
CREATE TABLE deadlines (
    aggregate_type TEXT    NOT NULL,
    aggregate_id   BLOB    NOT NULL,
    due_at         INTEGER NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX deadlines_by_time ON deadlines (aggregate_type, due_at);

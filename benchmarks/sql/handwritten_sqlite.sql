-- As on PostgreSQL (handwritten.sql), in the types that our own store uses on SQLite.
CREATE TABLE events (
    account_id  BLOB    NOT NULL,
    version     INTEGER NOT NULL,
    event_type  TEXT    NOT NULL,
    payload     TEXT    NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, version)
) STRICT, WITHOUT ROWID;

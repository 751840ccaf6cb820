CREATE TABLE IF NOT EXISTS dead_letters (
    subscription_id   TEXT    NOT NULL,
    topic             TEXT    NOT NULL,
    partition         INTEGER NOT NULL,
    log_offset        INTEGER NOT NULL,
    key               TEXT    NOT NULL,
    reason            TEXT    NOT NULL,
    parked_at         INTEGER NOT NULL, -- microseconds since 1970
    redrive_requested INTEGER NOT NULL DEFAULT 0,
    headers           TEXT    NOT NULL, -- a JSON array of [name, value] pairs
    payload           BLOB    NOT NULL,
    PRIMARY KEY (subscription_id, topic, partition, log_offset)
) STRICT;

CREATE INDEX IF NOT EXISTS dead_letters_by_key ON dead_letters (subscription_id, key, topic, log_offset);

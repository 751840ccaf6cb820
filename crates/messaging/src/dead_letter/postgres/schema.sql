-- Several services of one database may start at once; the lock makes them create the table one after the other.
SELECT pg_advisory_xact_lock(7239472014);

CREATE TABLE IF NOT EXISTS dead_letters (
    subscription_id   text        NOT NULL,
    topic             text        NOT NULL,
    partition         integer     NOT NULL,
    log_offset        bigint      NOT NULL,
    key               text        NOT NULL,
    reason            text        NOT NULL,
    parked_at         timestamptz NOT NULL,
    redrive_requested boolean     NOT NULL DEFAULT false,
    headers           text        NOT NULL, -- a JSON array of [name, value] pairs
    payload           bytea       NOT NULL,
    PRIMARY KEY (subscription_id, topic, partition, log_offset)
);

CREATE INDEX IF NOT EXISTS dead_letters_by_key ON dead_letters (subscription_id, key, topic, log_offset);

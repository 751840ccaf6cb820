-- What somebody in a hurry would create: the events, and nothing for repeated commands or for publishing.
CREATE TABLE events (
    account_id  uuid        NOT NULL,
    version     bigint      NOT NULL,
    event_type  text        NOT NULL,
    payload     json        NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, version)
);

-- JSON is kept as text (`json`, not `jsonb`): what was written is what is read, and it costs less to write.
-- `payload::jsonb` gives the operators of jsonb.

-- What happened. Rows are only ever added.
CREATE TABLE events (
    aggregate_type text        NOT NULL,
    aggregate_id   uuid        NOT NULL,
    version        bigint      NOT NULL CHECK (version > 0),
    event_id       uuid        NOT NULL CONSTRAINT events_event_id_key UNIQUE,
    event_type     text        NOT NULL,
    schema_version integer     NOT NULL,
    payload        json        NOT NULL,
    metadata       json        NOT NULL,
    command_id     uuid        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    commit_id      bigint      NOT NULL,
    ordinal        integer     NOT NULL,
    CONSTRAINT events_version_key PRIMARY KEY (aggregate_type, aggregate_id, version), -- decides races
    CONSTRAINT events_commit_key UNIQUE (commit_id, ordinal)                           -- the relay's order
);

-- Every command that was carried out or refused, with its result.
CREATE TABLE commands (
    command_id     uuid        NOT NULL CONSTRAINT commands_key PRIMARY KEY,
    aggregate_type text        NOT NULL,
    aggregate_id   uuid        NOT NULL,
    version        bigint      NOT NULL,
    event_count    integer     NOT NULL,
    request_hash   bytea,
    refusal        json,
    recorded_at    timestamptz NOT NULL,
    commit_id      bigint -- absent when it appended no events
);

CREATE SEQUENCE commit_ids;

-- Commits whose events are not yet known to be published. Rows come and go quickly, so they are vacuumed by
-- their number and not by their share of the table.
CREATE TABLE outbox (
    commit_id bigint NOT NULL CONSTRAINT outbox_key PRIMARY KEY
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

-- Shortened replays; deleting any of them changes no answer.
CREATE TABLE snapshots (
    aggregate_type       text    NOT NULL,
    aggregate_id         uuid    NOT NULL,
    version              bigint  NOT NULL,
    state_schema_version integer NOT NULL,
    state                json    NOT NULL,
    CONSTRAINT snapshots_key PRIMARY KEY (aggregate_type, aggregate_id, version)
);

-- When an aggregate must be looked at even if nothing arrives.
CREATE TABLE deadlines (
    aggregate_type text        NOT NULL,
    aggregate_id   uuid        NOT NULL,
    due_at         timestamptz NOT NULL,
    CONSTRAINT deadlines_key PRIMARY KEY (aggregate_type, aggregate_id)
);

CREATE INDEX deadlines_by_time ON deadlines (aggregate_type, due_at);

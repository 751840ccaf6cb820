CREATE TABLE IF NOT EXISTS topics (
    topic_id        INTEGER PRIMARY KEY,
    name            TEXT    NOT NULL UNIQUE,
    partition_count INTEGER NOT NULL CHECK (partition_count > 0)
) STRICT;

-- An ordinary rowid table: rows are appended in the order of publishing, and the index finds a partition's.
CREATE TABLE IF NOT EXISTS messages (
    topic_id   INTEGER NOT NULL REFERENCES topics,
    partition  INTEGER NOT NULL,
    log_offset INTEGER NOT NULL,
    key        TEXT    NOT NULL,
    headers    TEXT    NOT NULL, -- a JSON array of [name, value] pairs
    payload    BLOB    NOT NULL,
    UNIQUE (topic_id, partition, log_offset)
) STRICT;

-- The next offset that each group wants; no row means from the start.
CREATE TABLE IF NOT EXISTS group_offsets (
    group_id    TEXT    NOT NULL,
    topic_id    INTEGER NOT NULL REFERENCES topics,
    partition   INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    PRIMARY KEY (group_id, topic_id, partition)
) STRICT, WITHOUT ROWID;

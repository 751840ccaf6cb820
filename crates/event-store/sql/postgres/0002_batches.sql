-- A commit may hold the events of many commands; the relay reads as many commits as it can hold events of.
ALTER TABLE outbox ADD COLUMN event_count integer NOT NULL DEFAULT 1;

-- The id first: two entries of the index almost always differ there, and a text is slow to compare.
ALTER TABLE events DROP CONSTRAINT events_version_key;
ALTER TABLE events ADD CONSTRAINT events_version_key PRIMARY KEY (aggregate_id, version, aggregate_type);

-- Writes commits of one aggregate type in one call, hence in one transaction and one round trip. A function, because
-- its statements are planned once and those without work are not even started: one statement that does all of it
-- (with `WITH`) took three times as long for a single commit.
--   stream_…    the streams, and the version that each must have
--   command_…   the commands
--   event_…     the events
--   due_…       deadlines to set; `rests`: streams whose deadline is to be cleared
-- Gives the commit's id, or 0 when there is no event to bear it, and NULL, having done nothing, when a stream is at
-- another version. A writer who is faster after that look is met by the unique keys, which wait for his commit and then
-- refuse. The rows come sorted by stream, so that two writers rarely wait for each other.
CREATE FUNCTION append_commits(
    of_type text,
    stream_ids uuid[], stream_versions bigint[],
    command_ids uuid[], command_streams uuid[], command_versions bigint[], command_event_counts integer[],
    command_request_hashes bytea[], command_refusals text[], command_times timestamptz[],
    event_streams uuid[], event_versions bigint[], event_ids uuid[], event_types text[],
    event_schema_versions integer[], event_payloads text[], event_metadata text[], event_commands uuid[],
    event_times timestamptz[],
    due_streams uuid[], due_times timestamptz[], rests uuid[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    events_here CONSTANT integer := cardinality(event_ids);
    this_commit bigint := 0;
BEGIN
    -- The last entry of the index; `max(version)` is planned as a scan of the whole stream while the table is young.
    PERFORM FROM unnest(stream_ids, stream_versions) AS believed (id, version)
    WHERE believed.version <> coalesce(
        (SELECT events.version FROM events
         WHERE events.aggregate_type = of_type AND events.aggregate_id = believed.id
         ORDER BY events.version DESC LIMIT 1), 0);
    IF FOUND THEN
        RETURN NULL;
    END IF;
    IF events_here > 0 THEN
        this_commit := nextval('commit_ids');
        INSERT INTO outbox (commit_id, event_count) VALUES (this_commit, events_here);
    END IF;
    INSERT INTO commands (command_id, aggregate_type, aggregate_id, version, event_count, request_hash, refusal,
                          recorded_at, commit_id)
    SELECT command.id, of_type, command.stream, command.version, command.events, command.request_hash,
           command.refusal::json, command.recorded_at, CASE WHEN command.events > 0 THEN this_commit END
    FROM unnest(command_ids, command_streams, command_versions, command_event_counts, command_request_hashes,
                command_refusals, command_times)
         AS command (id, stream, version, events, request_hash, refusal, recorded_at);
    IF events_here > 0 THEN
        INSERT INTO events (aggregate_type, aggregate_id, version, event_id, event_type, schema_version, payload,
                            metadata, command_id, recorded_at, commit_id, ordinal)
        SELECT of_type, event.stream, event.version, event.id, event.type, event.schema_version, event.payload::json,
               event.metadata::json, event.command, event.recorded_at, this_commit, event.place - 1
        FROM unnest(event_streams, event_versions, event_ids, event_types, event_schema_versions, event_payloads,
                    event_metadata, event_commands, event_times)
             WITH ORDINALITY AS event (stream, version, id, type, schema_version, payload, metadata, command,
                                       recorded_at, place);
    END IF;
    IF cardinality(due_streams) > 0 THEN
        INSERT INTO deadlines (aggregate_type, aggregate_id, due_at)
        SELECT of_type, due.stream, due.time FROM unnest(due_streams, due_times) AS due (stream, time)
        ON CONFLICT ON CONSTRAINT deadlines_key DO UPDATE SET due_at = excluded.due_at
        WHERE deadlines.due_at <> excluded.due_at;
    END IF;
    IF cardinality(rests) > 0 THEN
        DELETE FROM deadlines WHERE aggregate_type = of_type AND aggregate_id = ANY (rests);
    END IF;
    RETURN this_commit;
END
$$;

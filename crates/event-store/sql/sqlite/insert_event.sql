INSERT INTO events (aggregate_type, aggregate_id, version, event_id, event_type, schema_version, payload,
                    metadata, command_id, recorded_at, commit_id, ordinal)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12);

INSERT INTO commands (command_id, aggregate_type, aggregate_id, version, event_count, request_hash, refusal,
                      recorded_at, commit_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- For each of the rows [stream, version] in ?3 the newest snapshot of the state schema ?2 up to the version, if any.
SELECT asked.key AS place, snapshot.version AS version, snapshot.state AS state
FROM json_each(?3) AS asked
CROSS JOIN snapshots AS snapshot ON snapshot.rowid = (
    SELECT rowid FROM snapshots
    WHERE aggregate_type = ?1 AND aggregate_id = unhex(asked.value ->> 0) AND version <= asked.value ->> 1
      AND state_schema_version = ?2
    ORDER BY version DESC
    LIMIT 1
);

-- The versions of the streams ?2 of the type ?1, in their order.
SELECT (SELECT coalesce(max(version), 0) FROM events
        WHERE aggregate_type = ?1 AND aggregate_id = unhex(asked.value))
FROM json_each(?2) AS asked
ORDER BY asked.key;

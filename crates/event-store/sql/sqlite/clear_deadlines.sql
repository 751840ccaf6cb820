DELETE FROM deadlines
WHERE aggregate_type = ?1 AND aggregate_id IN (SELECT unhex(value) FROM json_each(?2));

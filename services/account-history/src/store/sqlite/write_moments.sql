INSERT INTO moments (generation, account_id, version, at, is_entry, moment)
SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
FROM json_each(?2)
WHERE true
ON CONFLICT (generation, account_id, version) DO NOTHING

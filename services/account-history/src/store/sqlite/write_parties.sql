INSERT INTO parties (generation, account_id, created_at, transfer_id)
SELECT ?1, value ->> 0, value ->> 1, value ->> 2
FROM json_each(?2)
WHERE true
ON CONFLICT (generation, account_id, created_at, transfer_id) DO NOTHING

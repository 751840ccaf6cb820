INSERT INTO transfers (generation, transfer_id, version, document)
SELECT ?1, value ->> 0, value ->> 1, value ->> 2
FROM json_each(?2)
WHERE true
ON CONFLICT (generation, transfer_id) DO UPDATE
SET version = excluded.version, document = excluded.document
WHERE transfers.version < excluded.version

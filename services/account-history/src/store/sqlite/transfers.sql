SELECT document
FROM transfers
WHERE generation = ?1 AND transfer_id IN (SELECT value FROM json_each(?2))

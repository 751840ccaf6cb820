SELECT revision, document
FROM accounts
WHERE generation = ?1 AND account_id IN (SELECT value FROM json_each(?2))

SELECT document
FROM accounts
WHERE generation = ?1 AND account_id > ?2 AND customer_id IS NOT NULL
ORDER BY account_id
LIMIT ?3

SELECT document
FROM accounts
WHERE generation = ?1 AND customer_id = ?4 AND account_id > ?2
ORDER BY account_id
LIMIT ?3

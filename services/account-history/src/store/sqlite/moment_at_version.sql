SELECT moment
FROM moments
WHERE generation = ?1 AND account_id = ?2 AND version <= ?3
ORDER BY version DESC
LIMIT 1

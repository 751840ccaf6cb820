SELECT moment
FROM moments
WHERE generation = ?1 AND account_id = ?2 AND at <= ?3
ORDER BY at DESC, version DESC
LIMIT 1

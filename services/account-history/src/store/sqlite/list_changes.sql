SELECT moment
FROM moments
WHERE generation = ?1 AND account_id = ?2 AND version > ?3 AND version <= ?4 AND is_entry
ORDER BY version
LIMIT ?5

-- By version, not by time: clocks may differ, and what follows in the stream came later.
SELECT moment
FROM moments
WHERE generation = ?1 AND account_id = ?2 AND at <= ?3
ORDER BY version DESC
LIMIT 1

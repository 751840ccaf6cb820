UPDATE dead_letters SET redrive_requested = 1
WHERE subscription_id = ?1 AND (?2 IS NULL OR key = ?2)

UPDATE dead_letters SET redrive_requested = true
WHERE subscription_id = $1 AND ($2::text IS NULL OR key = $2)

DELETE FROM dead_letters
WHERE subscription_id = $1 AND topic = $2 AND partition = $3 AND log_offset = $4

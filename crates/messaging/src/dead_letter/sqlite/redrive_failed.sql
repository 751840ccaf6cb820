UPDATE dead_letters
SET
    redrive_requested = 0,
    reason = CASE WHEN log_offset = ?4 THEN ?5 ELSE reason END
WHERE subscription_id = ?1 AND topic = ?2 AND partition = ?3 AND key = (
    SELECT failed.key FROM dead_letters AS failed
    WHERE failed.subscription_id = ?1 AND failed.topic = ?2 AND failed.partition = ?3 AND failed.log_offset = ?4
)

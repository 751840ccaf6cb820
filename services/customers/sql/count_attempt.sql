UPDATE customers
SET failed_attempts = failed_attempts + 1,
    locked_until = CASE WHEN failed_attempts + 1 >= $2 THEN $3 ELSE 0 END
WHERE customer_id = $1 AND locked_until <= $4
RETURNING password_hash

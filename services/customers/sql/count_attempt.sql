INSERT INTO attempts (subject, failures, locked_until, last_at) VALUES ($1, 1, 0, $4)
ON CONFLICT (subject) DO UPDATE
SET failures = CASE WHEN attempts.locked_until > 0 THEN CAST($5 AS BIGINT) ELSE attempts.failures END + 1,
    locked_until = CASE WHEN attempts.locked_until = 0 AND attempts.failures + 1 >= $2 THEN $3 ELSE 0 END,
    last_at = excluded.last_at
WHERE attempts.locked_until <= excluded.last_at

DELETE FROM attempts WHERE subject IN (SELECT subject FROM attempts WHERE last_at < $1 LIMIT $2)

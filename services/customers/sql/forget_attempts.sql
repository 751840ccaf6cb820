DELETE FROM attempts WHERE subject = $1

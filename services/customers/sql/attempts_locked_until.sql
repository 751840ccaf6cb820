SELECT locked_until FROM attempts WHERE subject = $1

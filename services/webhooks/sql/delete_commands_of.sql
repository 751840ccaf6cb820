DELETE FROM commands WHERE owner = $1

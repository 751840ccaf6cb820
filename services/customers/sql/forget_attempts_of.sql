DELETE FROM attempts WHERE subject IN (SELECT lookup FROM emails WHERE customer_id = $1)

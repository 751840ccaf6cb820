DELETE FROM emails WHERE lookup = $1 AND customer_id = $2 AND claim_id = $3

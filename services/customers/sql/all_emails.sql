SELECT lookup, customer_id FROM emails

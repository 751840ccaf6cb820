SELECT emails.customer_id, emails.command_id, emails.request_hash, emails.reserved_at, customers.data_key
FROM emails JOIN customers ON customers.customer_id = emails.customer_id
WHERE emails.lookup = $1

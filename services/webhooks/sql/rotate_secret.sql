UPDATE webhooks
SET previous_secret = secret, previous_until = $3, secret = $4, version = version + 1
WHERE webhook_id = $1 AND owner = $2

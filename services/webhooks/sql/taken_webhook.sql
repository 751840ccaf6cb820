SELECT url, secret, previous_secret, previous_until, version, failing_since, failures
FROM webhooks WHERE webhook_id = $1 AND lease = $2

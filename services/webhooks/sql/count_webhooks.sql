SELECT COUNT(*) FROM webhooks WHERE owner = $1

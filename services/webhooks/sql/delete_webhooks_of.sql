DELETE FROM webhooks WHERE owner = $1

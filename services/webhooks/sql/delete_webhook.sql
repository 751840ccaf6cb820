DELETE FROM webhooks WHERE webhook_id = $1 AND owner = $2

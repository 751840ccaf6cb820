UPDATE webhooks SET free_from = $3, lease = '' WHERE webhook_id = $1 AND lease = $2

UPDATE webhooks SET free_from = $3, lease = $4 WHERE webhook_id = $1 AND is_enabled = 1 AND free_from <= $2

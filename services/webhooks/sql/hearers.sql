SELECT webhook_id, event_types, created_at FROM webhooks WHERE owner = $1 AND is_enabled = 1

SELECT webhook_id, url, event_types, description, is_enabled, disabled_reason, version, created_at, failing_since
FROM webhooks WHERE webhook_id = $1 AND owner = $2

SELECT webhook_id, url, event_types, description, is_enabled, disabled_reason, version, created_at, failing_since
FROM webhooks WHERE owner = $1 ORDER BY created_at, webhook_id

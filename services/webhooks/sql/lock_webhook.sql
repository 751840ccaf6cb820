-- Whoever changes it takes it first, and others wait.
UPDATE webhooks SET version = version WHERE webhook_id = $1 AND owner = $2
RETURNING webhook_id, url, event_types, description, is_enabled, disabled_reason, version, created_at, failing_since

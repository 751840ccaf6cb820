UPDATE webhooks
SET url = $2, event_types = $3, description = $4, is_enabled = $5, disabled_reason = $6, failing_since = $7,
    failures = CASE WHEN failing_since = $7 THEN failures ELSE 0 END,
    version = version + 1
WHERE webhook_id = $1

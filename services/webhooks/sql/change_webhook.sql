UPDATE webhooks
SET url = $4, event_types = $5, description = $6, is_enabled = $7, disabled_reason = $8, failing_since = $9,
    failures = CASE WHEN failing_since = $9 THEN failures ELSE 0 END,
    version = version + 1
WHERE webhook_id = $1 AND owner = $2 AND version = $3

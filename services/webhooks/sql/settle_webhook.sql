UPDATE webhooks
SET failing_since = $4, failures = $5, is_enabled = $6, disabled_reason = $7,
    version = CASE WHEN is_enabled = $6 THEN version ELSE version + 1 END
WHERE webhook_id = $1 AND lease = $2 AND version = $3

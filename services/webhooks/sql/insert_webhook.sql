INSERT INTO webhooks
    (webhook_id, owner, url, event_types, description, secret, previous_secret, previous_until,
     is_enabled, disabled_reason, version, created_at, failing_since, failures, free_from, lease)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 1, '', 1, $8, 0, 0, 0, '')

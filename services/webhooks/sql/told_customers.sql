SELECT webhooks.owner, deliveries.event_id
FROM deliveries JOIN webhooks ON webhooks.webhook_id = deliveries.webhook_id
WHERE webhooks.owner <> $1 AND deliveries.event_type <> $2

SELECT webhook_id FROM webhooks
WHERE is_enabled = 1 AND free_from <= $1
  AND EXISTS (
    SELECT 1 FROM deliveries
    WHERE deliveries.webhook_id = webhooks.webhook_id AND state = 'waiting' AND next_try_at <= $1
  )
ORDER BY free_from, webhook_id
LIMIT $2

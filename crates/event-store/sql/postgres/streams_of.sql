-- `version = 1 AND … IS NOT NULL` as in events_by_owner, which has them in this order.
SELECT aggregate_id
FROM events
WHERE version = 1 AND owner_named_by(payload) IS NOT NULL
  AND aggregate_type = $1 AND owner_named_by(payload) = $2 AND aggregate_id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
ORDER BY aggregate_id DESC
LIMIT $4;

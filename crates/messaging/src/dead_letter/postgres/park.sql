INSERT INTO dead_letters
    (subscription_id, topic, partition, log_offset, key, reason, parked_at, headers, payload)
SELECT *
FROM unnest(
    $1::text[], $2::text[], $3::integer[], $4::bigint[], $5::text[],
    $6::text[], $7::timestamptz[], $8::text[], $9::bytea[]
)
ON CONFLICT (subscription_id, topic, partition, log_offset) DO NOTHING

SELECT
    topic,
    partition,
    key,
    count(*) AS letters,
    (array_agg(reason ORDER BY reason = 'behind', log_offset))[1] AS reason,
    min(parked_at) AS parked_at,
    bool_or(redrive_requested) AS redrive_requested
FROM dead_letters
WHERE subscription_id = $1
GROUP BY topic, partition, key
ORDER BY min(parked_at), topic, key

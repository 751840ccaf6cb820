SELECT
    topic,
    partition,
    key,
    count(*) AS letters,
    (
        SELECT reason FROM dead_letters AS first
        WHERE first.subscription_id = ?1 AND first.key = letter.key AND first.topic = letter.topic
        ORDER BY first.reason = 'behind', first.log_offset
        LIMIT 1
    ) AS reason,
    min(parked_at) AS parked_at,
    max(redrive_requested) AS redrive_requested
FROM dead_letters AS letter
WHERE subscription_id = ?1
GROUP BY topic, partition, key
ORDER BY min(parked_at), topic, key

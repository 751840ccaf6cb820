-- Every partition of every topic with the offset that its next message gets. Each maximum is one index step.
WITH RECURSIVE numbers (partition) AS (
    SELECT 0
    UNION ALL
    SELECT partition + 1 FROM numbers WHERE partition + 1 < (SELECT max(partition_count) FROM topics)
)
SELECT
    topics.topic_id,
    topics.name,
    numbers.partition,
    coalesce(
        (
            SELECT max(messages.log_offset)
            FROM messages
            WHERE messages.topic_id = topics.topic_id AND messages.partition = numbers.partition
        ) + 1,
        0
    ) AS head
FROM topics
JOIN numbers ON numbers.partition < topics.partition_count
ORDER BY topics.topic_id, numbers.partition

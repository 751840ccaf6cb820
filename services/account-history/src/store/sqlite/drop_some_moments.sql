DELETE FROM moments
WHERE (generation, account_id, version) IN (
    SELECT generation, account_id, version FROM moments
    WHERE generation = ?1 AND generation NOT IN (
        SELECT active FROM generations UNION ALL SELECT building FROM generations WHERE building IS NOT NULL
    )
    LIMIT ?2
)

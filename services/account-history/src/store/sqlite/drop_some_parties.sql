DELETE FROM parties
WHERE (generation, account_id, created_at, transfer_id) IN (
    SELECT generation, account_id, created_at, transfer_id FROM parties
    WHERE generation = ?1 AND generation NOT IN (
        SELECT active FROM generations UNION ALL SELECT building FROM generations WHERE building IS NOT NULL
    )
    LIMIT ?2
)

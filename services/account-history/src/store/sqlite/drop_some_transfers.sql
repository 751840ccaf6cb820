DELETE FROM transfers
WHERE rowid IN (
    SELECT transfers.rowid FROM transfers
    WHERE generation = ?1 AND generation NOT IN (
        SELECT active FROM generations UNION ALL SELECT building FROM generations WHERE building IS NOT NULL
    )
    LIMIT ?2
)

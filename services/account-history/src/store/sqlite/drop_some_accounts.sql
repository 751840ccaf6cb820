DELETE FROM accounts
WHERE rowid IN (
    SELECT accounts.rowid FROM accounts
    WHERE generation = ?1 AND generation NOT IN (
        SELECT active FROM generations UNION ALL SELECT building FROM generations WHERE building IS NOT NULL
    )
    LIMIT ?2
)

WITH stored AS (
    SELECT generation FROM accounts
    UNION
    SELECT generation FROM moments
    UNION
    SELECT generation FROM transfers
    UNION
    SELECT generation FROM parties
)
SELECT stored.generation
FROM stored
JOIN generations ON stored.generation <> generations.active
    AND stored.generation IS NOT generations.building

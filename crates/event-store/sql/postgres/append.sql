-- The arguments are explained where the function is made, in 0002_batches.sql.
SELECT append_commits($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22);

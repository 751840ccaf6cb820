INSERT INTO accounts (generation, account_id, revision, customer_id, document)
SELECT ?1, value ->> 0, (value ->> 1) + 1, value ->> 2, value ->> 3
FROM json_each(?2)
WHERE value ->> 1 = 0
    OR EXISTS (SELECT 1 FROM accounts WHERE generation = ?1 AND account_id = value ->> 0)
ON CONFLICT (generation, account_id) DO UPDATE
SET revision = excluded.revision, customer_id = excluded.customer_id, document = excluded.document
WHERE accounts.revision = excluded.revision - 1

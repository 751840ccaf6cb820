SELECT transfers.document
FROM parties
JOIN transfers USING (generation, transfer_id)
WHERE parties.generation = ?1
    AND parties.account_id = ?2
    AND (parties.created_at, parties.transfer_id) < (?3, ?4)
    AND parties.created_at <= ?5
ORDER BY parties.created_at DESC, parties.transfer_id DESC
LIMIT ?6

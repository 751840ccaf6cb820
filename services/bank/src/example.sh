
try it in another terminal:

  J='content-type: application/json'; id() { sed -n 's/.*"id":"\([^"]*\)".*/\1/p'; }
  T="authorization: Bearer $(TOKEN)"
  A=$(curl -s URL/v1/accounts -H "$T" -H "$J" -d '{"customerId":"ada","title":"Daily","currency":"USD","initialBalance":10000}' | id)
  C=$(curl -s URL/v1/accounts -H "$T" -H "$J" -d '{"customerId":"charles","title":"Daily","currency":"USD"}' | id)
  curl -s URL/v1/transfers -H "$T" -H "$J" -H "Idempotency-Key: $(date +%s%N)" -H 'Prefer: wait=5' \
       -d "{\"fromAccountId\":\"$A\",\"toAccountId\":\"$C\",\"amount\":5500,\"currency\":\"USD\",\"memo\":\"rent\"}"; echo
  curl -s URL/v1/accounts/$C -H "$T"; echo

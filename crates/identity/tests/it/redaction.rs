//! Nothing that is shown has a part of a token or of a private key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::{Seed, TokenVerifier};

use crate::forge::{grant, issuer, now, rules, signing_keys};

#[tokio::test]
async fn debug_texts_keep_secrets() {
    let keys = signing_keys(7);
    let token = issuer(&keys).issue(&grant(), now()).unwrap();
    let verifier = TokenVerifier::local(rules(), keys.clone());
    let caller = verifier.verify(token.expose(), now()).await.unwrap();
    let shown = format!(
        "{:?} {keys:?} {:?} {token:?} {verifier:?} {caller:?} {:?}",
        Seed::from_bytes([7; 32]),
        issuer(&keys),
        keys.jwks(now()),
    );
    for secret in token.expose().split('.') {
        assert!(!shown.contains(secret), "{shown}");
    }
    let seed = URL_SAFE_NO_PAD.encode([7; 32]);
    for secret in [seed.as_str(), "7, 7, 7", "070707", &caller.token_id] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    // The public half is all that others get.
    let published = serde_json::to_value(keys.jwks(now())).unwrap();
    let members: Vec<_> = published["keys"][0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
}

#[tokio::test]
async fn refusals_do_not_repeat_the_token() {
    let verifier = TokenVerifier::local(rules(), signing_keys(7));
    for token in ["c2VjcmV0.c2VjcmV0.c2VjcmV0", "secret", "secret.secret.secret"] {
        let error = verifier.verify(token, now()).await.unwrap_err();
        let shown = format!("{error} {error:?} {}", error.reason());
        assert!(!shown.contains("secret") && !shown.contains("c2VjcmV0"), "{shown}");
    }
}

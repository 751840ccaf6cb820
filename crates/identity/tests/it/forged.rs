//! Every token that somebody could make up, and why it is refused.

use identity::{Caller, Subject, TokenError, TokenVerifier};
use ring::hmac;
use ring::signature::KeyPair;
use serde_json::json;

use crate::forge::{Forge, b64, changed, claims, customer, header, issued, now, rules, signing_keys};
use crate::publisher::{Publisher, fetching};

pub(crate) async fn verifier(forge: &Forge) -> TokenVerifier {
    let publisher = Publisher::start().await;
    publisher.put("/keys", forge.jwks());
    let verifier = TokenVerifier::jwks(rules(), &publisher.url("/keys"), fetching()).unwrap();
    verifier.prepare(now()).await.unwrap();
    verifier
}

#[tokio::test]
async fn a_right_token_gives_its_caller() {
    let forge = Forge::new();
    let verifier = verifier(&forge).await;
    let es256 = changed(header(), json!({ "alg": "ES256", "kid": "ec" }));
    for token in [
        forge.with_claims(json!({})),
        forge.with_claims(json!({ "aud": ["other", "bank"] })),
        forge.with_claims(json!({ "nbf": null })),
        forge.with_header(json!({ "typ": "application/at+JWT" })),
        forge.sign_es256(&es256, &claims().to_string()),
    ] {
        let caller = verifier.verify(&token, now()).await.unwrap();
        assert_eq!(caller.subject, Subject::Customer(customer()));
        assert_eq!(caller.actor().as_str(), customer().to_string());
        assert_eq!((caller.customer(), caller.is_operator()), (Some(customer()), false));
        assert_eq!((caller.token_id.as_str(), caller.session.unwrap().as_u128()), ("t-1", 2));
    }
    let olga = forge.with_claims(json!({ "role": "operator", "sub": "olga", "sid": null }));
    let Caller { subject, session, .. } = verifier.verify(&olga, now()).await.unwrap();
    assert_eq!((subject.actor().as_str(), session), ("operator:olga", None));
}

/// What is wrong, the token, and the refusal.
fn table(forge: &Forge) -> Vec<(&'static str, String, TokenError)> {
    let right = forge.with_claims(json!({}));
    let [head, body, signature] = right.split('.').collect::<Vec<_>>().try_into().unwrap();
    let claims_text = claims().to_string();
    let header_text = header().to_string();
    let start = now().timestamp();
    let stranger = issued(&signing_keys(9), now());
    let other = Forge::new();

    let unsigned = |alg: &str| b64(changed(header(), json!({ "alg": alg })));
    let hs256 = {
        let message = format!("{}.{body}", unsigned("HS256"));
        let key = hmac::Key::new(hmac::HMAC_SHA256, forge.ed.public_key().as_ref());
        format!("{message}.{}", b64(hmac::sign(&key, message.as_bytes())))
    };
    let operator = b64(changed(claims(), json!({ "role": "operator", "sub": "mallory" })));
    let double_claim = claims_text.replacen('{', r#"{"sub":"00000000-0000-0000-0000-000000000001","#, 1);
    let double_header = header_text.replacen('{', r#"{"kid":"x","#, 1);
    let es256 = |kid: &str| changed(header(), json!({ "alg": "ES256", "kid": kid }));
    let embedded = json!({ "kid": "mine", "jwk": { "kty": "OKP", "crv": "Ed25519", "x": b64([1; 32]) } });

    vec![
        ("alg none", format!("{}.{body}.", unsigned("none")), TokenError::Algorithm),
        ("alg NONE", format!("{}.{body}.{signature}", unsigned("NONE")), TokenError::Algorithm),
        ("alg missing", forge.with_header(json!({ "alg": null })), TokenError::Algorithm),
        ("alg a number", forge.with_header(json!({ "alg": 1 })), TokenError::Algorithm),
        ("HS256 with the public key", hs256, TokenError::Algorithm),
        ("RS256", forge.with_header(json!({ "alg": "RS256", "kid": "rsa" })), TokenError::Algorithm),
        (
            "key of a kind that is not read",
            forge.with_header(json!({ "kid": "rsa" })),
            TokenError::UnknownKey,
        ),
        ("ES256 under the Ed25519 key", forge.sign_es256(&es256("ed"), &claims_text), TokenError::Algorithm),
        ("EdDSA under the P-256 key", forge.with_header(json!({ "kid": "ec" })), TokenError::Algorithm),
        ("EdDSA signature called ES256", forge.sign(&es256("ec"), &claims_text), TokenError::Signature),
        ("ES256 by somebody else", other.sign_es256(&es256("ec"), &claims_text), TokenError::Signature),
        (
            "ES256 signature of zeros",
            format!("{}.{body}.{}", b64(es256("ec")), b64([0; 64])),
            TokenError::Signature,
        ),
        ("wrong issuer", forge.with_claims(json!({ "iss": "https://evil" })), TokenError::Issuer),
        (
            "issuer in another case",
            forge.with_claims(json!({ "iss": "https://Login.bank.example" })),
            TokenError::Issuer,
        ),
        ("no issuer", forge.with_claims(json!({ "iss": null })), TokenError::Claim("iss")),
        ("wrong audience", forge.with_claims(json!({ "aud": "shop" })), TokenError::Audience),
        ("no audience", forge.with_claims(json!({ "aud": null })), TokenError::Audience),
        (
            "audiences without ours",
            forge.with_claims(json!({ "aud": ["shop", "banks"] })),
            TokenError::Audience,
        ),
        ("no expiry", forge.with_claims(json!({ "exp": null })), TokenError::Claim("exp")),
        ("expiry a text", forge.with_claims(json!({ "exp": "9999999999" })), TokenError::Claim("exp")),
        ("expiry a fraction", forge.with_claims(json!({ "exp": 9_999_999_999.5 })), TokenError::Claim("exp")),
        (
            "expiry past all calendars",
            forge.with_claims(json!({ "exp": i64::MAX })),
            TokenError::Claim("exp"),
        ),
        ("expiry past all numbers", forge.with_claims(json!({ "exp": u64::MAX })), TokenError::Claim("exp")),
        ("expiry before all times", forge.with_claims(json!({ "exp": i64::MIN })), TokenError::Expired),
        ("expired", forge.with_claims(json!({ "exp": start - 30 })), TokenError::Expired),
        ("not yet valid", forge.with_claims(json!({ "nbf": start + 31 })), TokenError::NotYetValid),
        ("nbf a text", forge.with_claims(json!({ "nbf": "0" })), TokenError::Claim("nbf")),
        ("issued in the future", forge.with_claims(json!({ "iat": start + 31 })), TokenError::NotYetValid),
        ("no time of issue", forge.with_claims(json!({ "iat": null })), TokenError::Claim("iat")),
        ("no id", forge.with_claims(json!({ "jti": null })), TokenError::Claim("jti")),
        ("no subject", forge.with_claims(json!({ "sub": null })), TokenError::Claim("sub")),
        (
            "customer with a name",
            forge.with_claims(json!({ "sub": "operator:olga" })),
            TokenError::Claim("sub"),
        ),
        (
            "operator without a name",
            forge.with_claims(json!({ "role": "operator", "sub": "" })),
            TokenError::Claim("operator name"),
        ),
        (
            "operator of two lines",
            forge.with_claims(json!({ "role": "operator", "sub": "o\nl" })),
            TokenError::Claim("operator name"),
        ),
        ("session a number", forge.with_claims(json!({ "sid": 7 })), TokenError::Claim("sid")),
        ("no role", forge.with_claims(json!({ "role": null })), TokenError::Role),
        ("strange role", forge.with_claims(json!({ "role": "Operator" })), TokenError::Role),
        ("another issuer's key", stranger, TokenError::UnknownKey),
        ("unknown key", forge.with_header(json!({ "kid": "other" })), TokenError::UnknownKey),
        ("no key id", forge.with_header(json!({ "kid": null })), TokenError::UnknownKey),
        ("its own key in the header", forge.with_header(embedded), TokenError::UnknownKey),
        ("another key of the same id", other_ed(&header_text, &claims_text), TokenError::Signature),
        ("1 MB", "a".repeat(1 << 20), TokenError::TooLong),
        ("1 MB of claims", forge.with_claims(json!({ "more": "x".repeat(1 << 20) })), TokenError::TooLong),
        ("duplicate claim", forge.sign(&header_text, &double_claim), TokenError::Malformed("claims")),
        (
            "duplicate header member",
            forge.sign(&double_header, &claims_text),
            TokenError::Malformed("header"),
        ),
        ("crit", forge.with_header(json!({ "crit": ["b64"], "b64": false })), TokenError::CriticalHeader),
        ("empty crit", forge.with_header(json!({ "crit": [] })), TokenError::CriticalHeader),
        ("an ID token", forge.with_header(json!({ "typ": "JWT" })), TokenError::Type),
        ("no typ", forge.with_header(json!({ "typ": null })), TokenError::Type),
        ("truncated signature", right[..right.len() - 6].to_owned(), TokenError::Signature),
        ("without its signature", format!("{head}.{body}."), TokenError::Signature),
        ("two parts", format!("{head}.{body}"), TokenError::Malformed("not three parts")),
        ("half of it", right[..right.len() / 2].to_owned(), TokenError::Malformed("not three parts")),
        ("five parts", format!("{right}.x.y"), TokenError::Malformed("not three parts")),
        ("empty", String::new(), TokenError::Malformed("not three parts")),
        ("dots", "..".to_owned(), TokenError::Malformed("header")),
        ("garbage", "Tr0ub4dor&3.ünï.\0".to_owned(), TokenError::Malformed("header")),
        ("tampered payload", format!("{head}.{operator}.{signature}"), TokenError::Signature),
        (
            "tampered header",
            format!("{}.{body}.{signature}", b64(format!(" {header_text}"))),
            TokenError::Signature,
        ),
        ("claims that are no object", forge.sign(&header_text, "[]"), TokenError::Malformed("claims")),
        (
            "claims with more behind",
            forge.sign(&header_text, &format!("{claims_text}{{}}")),
            TokenError::Malformed("claims"),
        ),
        ("deep claims", forge.sign(&header_text, &"[".repeat(4000)), TokenError::Malformed("claims")),
        ("padding", format!("{right}=="), TokenError::Malformed("signature")),
        ("a line break", format!("{right}\n"), TokenError::Malformed("signature")),
    ]
}

/// Signed by somebody who only knows the id of our key.
fn other_ed(header: &str, claims: &str) -> String {
    let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    let message = format!("{}.{}", b64(header), b64(claims));
    format!("{message}.{}", b64(pair.sign(message.as_bytes())))
}

#[tokio::test]
async fn every_forged_token_is_refused() {
    let forge = Forge::new();
    let verifier = verifier(&forge).await;
    let mut surprises = Vec::new();
    for (what, token, expected) in table(&forge) {
        assert!(expected.is_callers_fault(), "{what}");
        let outcome = verifier.verify(&token, now()).await;
        if outcome != Err(expected) {
            surprises.push((what, outcome, expected));
        }
    }
    assert!(surprises.is_empty(), "{surprises:#?}");
}

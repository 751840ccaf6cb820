//! Keys over HTTP: when they are fetched, and what happens when they cannot be.

use futures::future::join_all;
use identity::{RoleRules, Seed, SourceError, Subject, TokenError, TokenVerifier};
use serde_json::json;
use test_support::eventually;

use crate::forge::{Forge, after, changed, claims, customer, header, issued, now, rules, signing_keys};
use crate::publisher::{INTERVAL, Publisher, fetching};

async fn jwks_of(document: String) -> (Publisher, TokenVerifier) {
    let publisher = Publisher::start().await;
    publisher.put("/keys", document);
    let verifier = TokenVerifier::jwks(rules(), &publisher.url("/keys"), fetching()).unwrap();
    (publisher, verifier)
}

fn document(keys: &identity::SigningKeys, seconds: i64) -> String {
    serde_json::to_string(&keys.jwks(after(seconds))).unwrap()
}

#[tokio::test]
async fn a_flood_of_unknown_key_ids_is_one_fetch_an_interval() {
    let forge = Forge::new();
    let (publisher, verifier) = jwks_of(forge.jwks()).await;
    verifier.prepare(now()).await.unwrap();
    let flood = async |seconds| {
        let tokens = (0..200).map(|kid| forge.with_header(json!({ "kid": format!("k{kid}") })));
        let tokens: Vec<_> = tokens.collect();
        let refusals = join_all(tokens.iter().map(|token| verifier.verify(token, after(seconds)))).await;
        assert!(refusals.iter().all(|refusal| *refusal == Err(TokenError::UnknownKey)));
    };
    flood(INTERVAL - 1).await;
    assert_eq!(publisher.asked(), 1, "only the first keys");
    flood(INTERVAL).await;
    assert_eq!(publisher.asked(), 2);
    flood(2 * INTERVAL - 1).await;
    assert_eq!(publisher.asked(), 2);
    flood(2 * INTERVAL).await;
    assert_eq!(publisher.asked(), 3);
}

#[tokio::test]
async fn callers_who_come_together_wait_for_one_fetch() {
    let forge = Forge::new();
    let (publisher, verifier) = jwks_of(forge.jwks()).await;
    let token = forge.with_claims(json!({}));
    let callers = join_all((0..100).map(|_| verifier.verify(&token, now()))).await;
    assert!(callers.iter().all(Result::is_ok));
    assert_eq!(publisher.asked(), 1);
}

#[tokio::test]
async fn a_rotated_key_is_found_without_a_restart() {
    let keys = signing_keys(1);
    let (publisher, verifier) = jwks_of(document(&keys, 0)).await;
    assert!(verifier.verify(&issued(&keys, now()), now()).await.is_ok());

    keys.rotate(Seed::from_bytes([2; 32]), after(60)).unwrap();
    publisher.put("/keys", document(&keys, 60));

    assert!(verifier.verify(&issued(&keys, after(60)), after(60)).await.is_ok());
    assert_eq!(publisher.asked(), 2);
}

#[tokio::test]
async fn keys_that_were_never_there_are_not_the_callers_fault() {
    let forge = Forge::new();
    let (publisher, verifier) = jwks_of(forge.jwks()).await;
    publisher.fail();
    let token = forge.with_claims(json!({}));
    assert_eq!(verifier.verify(&token, now()).await, Err(TokenError::KeysUnavailable));
    assert_eq!(verifier.prepare(now()).await, Err(TokenError::KeysUnavailable));
    assert!(!TokenError::KeysUnavailable.is_callers_fault());
    // What is wrong without any key is the caller's fault all the same.
    let refused = verifier.verify("nonsense", now()).await;
    assert!(refused.is_err_and(TokenError::is_callers_fault));
    // As long as there are none, they are asked for each second.
    publisher.put("/keys", forge.jwks());
    assert!(verifier.verify(&token, after(1)).await.is_ok());
    assert_eq!(publisher.asked(), 2);
}

#[tokio::test]
async fn a_failed_fetch_keeps_the_keys() {
    let forge = Forge::new();
    let (publisher, verifier) = jwks_of(forge.jwks()).await;
    let token = forge.with_claims(json!({ "exp": after(10_000).timestamp() }));
    assert!(verifier.verify(&token, now()).await.is_ok());
    let unknown = forge.with_header(json!({ "kid": "new" }));
    let failures = [None, Some("{}"), Some("nonsense"), Some(r#"{"keys":[]}"#)];
    for (round, failure) in (1..).zip(failures) {
        publisher.fail();
        if let Some(document) = failure {
            publisher.put("/keys", document);
        }
        let at = after(round * INTERVAL);
        assert_eq!(verifier.verify(&unknown, at).await, Err(TokenError::UnknownKey));
        assert!(verifier.verify(&token, at).await.is_ok(), "{failure:?}");
    }
    assert_eq!(publisher.asked(), 5);
}

#[tokio::test]
async fn a_withdrawn_key_goes_once_the_keys_are_old() {
    let (keys, others) = (signing_keys(1), signing_keys(2));
    let (publisher, verifier) = jwks_of(document(&keys, 0)).await;
    assert!(verifier.verify(&issued(&keys, now()), now()).await.is_ok());
    publisher.put("/keys", document(&others, 0));
    let token = issued(&keys, after(299));
    assert!(verifier.verify(&token, after(299)).await.is_ok());
    assert_eq!(publisher.asked(), 1);
    // The request that finds them old is still answered with them.
    assert!(verifier.verify(&token, after(300)).await.is_ok());
    eventually(async || match verifier.verify(&token, after(301)).await {
        Err(TokenError::UnknownKey) => Ok(()),
        other => Err(other),
    })
    .await;
    assert_eq!(publisher.asked(), 2);
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_stop_fetching() {
    let forge = Forge::new();
    let (publisher, verifier) = jwks_of(forge.jwks()).await;
    verifier.prepare(after(100_000)).await.unwrap();
    let unknown = forge.with_header(json!({ "kid": "new" }));
    assert_eq!(verifier.verify(&unknown, now()).await, Err(TokenError::UnknownKey));
    assert_eq!(verifier.verify(&unknown, after(-1)).await, Err(TokenError::UnknownKey));
    assert_eq!(publisher.asked(), 2);
}

#[tokio::test]
async fn a_caller_who_hangs_up_does_not_end_the_fetch() {
    let forge = Forge::new();
    let (publisher, verifier) = jwks_of(forge.jwks()).await;
    let token = forge.with_claims(json!({}));
    // Polled once, which starts the fetch, and dropped.
    assert!(futures::FutureExt::now_or_never(verifier.verify(&token, now())).is_none());
    assert!(verifier.verify(&token, now()).await.is_ok());
    assert_eq!(publisher.asked(), 1);
}

#[tokio::test]
async fn an_open_id_issuer_says_where_its_keys_are() {
    let forge = Forge::new();
    let publisher = Publisher::start().await;
    let issuer = publisher.url("/realms/bank");
    let mut rules = rules();
    rules.issuer.clone_from(&issuer);
    rules.token_type = "JWT".to_owned();
    rules.roles = RoleRules {
        claim: "realm_access.roles".to_owned(),
        operator: "bank-operator".to_owned(),
        customer: String::new(),
        operator_name: "preferred_username".to_owned(),
    };
    let configuration = "/realms/bank/.well-known/openid-configuration";
    let verifier = TokenVerifier::openid(rules, fetching()).unwrap();
    let token =
        |changes| forge.sign(&changed(header(), json!({ "typ": "JWT" })), &changed(claims(), changes));
    let olga = token(json!({
        "iss": issuer, "role": null, "sid": "not-a-uuid", "preferred_username": "olga",
        "realm_access": { "roles": ["offline", "bank-operator"] },
    }));

    // Another issuer's document, and one whose keys are somewhere that is not HTTP.
    publisher.put("/certs", forge.jwks());
    for (round, (claimed, keys)) in
        [("https://evil", publisher.url("/certs")), (issuer.as_str(), "file:///etc/passwd".to_owned())]
            .into_iter()
            .enumerate()
    {
        publisher.put(configuration, json!({ "issuer": claimed, "jwks_uri": keys }).to_string());
        let at = after(i64::try_from(round).unwrap());
        assert_eq!(verifier.verify(&olga, at).await, Err(TokenError::KeysUnavailable));
    }
    publisher
        .put(configuration, json!({ "issuer": issuer, "jwks_uri": publisher.url("/certs") }).to_string());

    let caller = verifier.verify(&olga, after(2)).await.unwrap();
    assert_eq!((caller.actor().as_str(), caller.session), ("operator:olga", None));
    let alice = token(json!({ "iss": issuer, "realm_access": { "roles": ["offline"] } }));
    assert_eq!(verifier.verify(&alice, after(2)).await.unwrap().subject, Subject::Customer(customer()));
}

#[test]
fn only_http_addresses_have_keys() {
    for wrong in ["", "keys", "file:///etc/passwd", "ftp://h/keys", "http://user:hush@h/keys", "/keys"] {
        let error = TokenVerifier::jwks(rules(), wrong, fetching()).unwrap_err();
        assert!(matches!(error, SourceError::Address(_)), "{error}");
        assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
    }
    let over_tls = TokenVerifier::openid(rules(), fetching());
    assert_eq!(over_tls.is_ok(), cfg!(feature = "https"));
}

//! A clock that moves, in both directions.

use std::time::Duration;

use identity::{IssueError, TokenError, TokenIssuer, TokenVerifier};

use crate::forge::{after, issued, now, rules, signing_keys};

#[tokio::test]
async fn a_token_is_valid_from_its_issue_to_its_expiry_with_the_leeway_on_both_sides() {
    let keys = signing_keys(7);
    let token = issued(&keys, now());
    let verifier = TokenVerifier::local(rules(), keys);
    for (seconds, expected) in [
        (-31, Some(TokenError::NotYetValid)),
        (-30, None),
        (0, None),
        (299, None),
        (329, None),
        (330, Some(TokenError::Expired)),
        (1_000_000, Some(TokenError::Expired)),
        // Set back again: what counts is the time that it is, not the latest that it was.
        (10, None),
    ] {
        let outcome = verifier.verify(&token, after(seconds)).await;
        assert_eq!(outcome.err(), expected, "after {seconds} s");
    }
}

#[tokio::test]
async fn without_leeway_the_second_counts() {
    let keys = signing_keys(7);
    let token = issued(&keys, now());
    let mut strict = rules();
    strict.leeway = Duration::ZERO;
    let verifier = TokenVerifier::local(strict, keys);
    assert!(verifier.verify(&token, after(299)).await.is_ok());
    assert_eq!(verifier.verify(&token, after(300)).await, Err(TokenError::Expired));
    assert_eq!(verifier.verify(&token, after(-1)).await, Err(TokenError::NotYetValid));
}

#[test]
fn tokens_that_outlive_their_key_are_not_issued() {
    let refused = TokenIssuer::new(signing_keys(7), "urn:bank", "bank", Duration::from_secs(900));
    assert_eq!(refused.err(), Some(IssueError::OutlivesKeys));
}

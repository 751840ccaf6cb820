//! Makes tokens that the issuer would never make.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use identity::{Grant, Seed, SigningKeys, Subject, TokenIssuer, TokenRules};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) const ISSUER: &str = "https://login.bank.example";
pub(crate) const AUDIENCE: &str = "bank";
/// Longer than a token lives, with the leeway of both sides.
pub(crate) const RETIRE_AFTER: Duration = Duration::from_secs(900);

pub(crate) fn now() -> DateTime<Utc> {
    "2026-01-01T12:00:00Z".parse().unwrap()
}

pub(crate) fn after(seconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::seconds(seconds)
}

pub(crate) fn rules() -> TokenRules {
    TokenRules::new(ISSUER, AUDIENCE)
}

pub(crate) fn signing_keys(seed: u8) -> SigningKeys {
    SigningKeys::in_memory(RETIRE_AFTER, Seed::from_bytes([seed; 32]), now()).unwrap()
}

pub(crate) fn issuer(keys: &SigningKeys) -> TokenIssuer {
    TokenIssuer::new(keys.clone(), ISSUER, AUDIENCE, TokenIssuer::LIFETIME).unwrap()
}

pub(crate) fn customer() -> Uuid {
    Uuid::from_u128(0x018f_4f5e_36f3_7d0c_9c5b_1f6a_8a7e_52d1)
}

pub(crate) fn grant() -> Grant {
    Grant {
        subject: Subject::Customer(customer()),
        session: Some(Uuid::from_u128(2)),
        token_id: Uuid::from_u128(3),
    }
}

pub(crate) fn issued(keys: &SigningKeys, at: DateTime<Utc>) -> String {
    issuer(keys).issue(&grant(), at).unwrap().expose().to_owned()
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An issuer with two keys, whose tokens say what a test wants.
pub(crate) struct Forge {
    pub(crate) ed: Ed25519KeyPair,
    pub(crate) ec: EcdsaKeyPair,
}

impl Forge {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self {
            ed: Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap(),
            ec: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap(),
        }
    }

    pub(crate) fn jwks(&self) -> String {
        let point = self.ec.public_key().as_ref();
        json!({ "keys": [
            { "kty": "RSA", "kid": "rsa", "n": "AQAB", "e": "AQAB" },
            { "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": b64(self.ed.public_key()) },
            { "kty": "EC", "crv": "P-256", "kid": "ec", "x": b64(&point[1..33]), "y": b64(&point[33..]) },
        ]})
        .to_string()
    }

    /// Signs header and claims as they are.
    pub(crate) fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", b64(header), b64(claims));
        let signature = b64(self.ed.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    pub(crate) fn sign_es256(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", b64(header), b64(claims));
        let signature = self.ec.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", b64(signature))
    }

    /// A right token, except for these members of its header.
    pub(crate) fn with_header(&self, changes: Value) -> String {
        self.sign(&changed(header(), changes), &claims().to_string())
    }

    /// A right token, except for these claims; `null` leaves a claim out.
    pub(crate) fn with_claims(&self, changes: Value) -> String {
        self.sign(&header().to_string(), &changed(claims(), changes))
    }
}

pub(crate) fn header() -> Value {
    json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "ed" })
}

pub(crate) fn claims() -> Value {
    let start = now().timestamp();
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": customer(), "exp": start + 300, "nbf": start, "iat": start,
        "jti": "t-1", "sid": Uuid::from_u128(2), "role": "customer",
    })
}

pub(crate) fn changed(mut object: Value, changes: Value) -> String {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(object.as_object_mut().unwrap().remove(name)),
            value => object[name] = value.clone(),
        }
    }
    object.to_string()
}

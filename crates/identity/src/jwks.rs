//! Public keys: the JSON Web Key Set (RFC 7517) that one service publishes and the others read.

use std::collections::HashMap;

use ring::digest;
use ring::signature::{self, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::encoding;
use crate::jws::Algorithm;

/// A set with more keys than this is not read to its end; an issuer has a handful.
const MOST_KEYS: usize = 64;

/// The document at `/.well-known/jwks.json`. It has no place for a private part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwks {
    /// The keys, the newest first.
    pub keys: Vec<Jwk>,
}

/// A public key with which signatures are checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// The kind: `OKP`.
    pub kty: &'static str,
    /// The curve: `Ed25519`.
    pub crv: &'static str,
    /// The key itself, in base64url.
    pub x: String,
    /// The key's id: its thumbprint (RFC 7638).
    pub kid: String,
    /// What it is for: `sig`.
    pub r#use: &'static str,
    /// The one algorithm that it is for.
    pub alg: &'static str,
}

impl Jwk {
    pub(crate) fn ed25519(public: &[u8; 32]) -> Self {
        let key = PublicKey::Ed25519(*public);
        let x = encoding::encode(public);
        Self { kty: "OKP", crv: "Ed25519", x, kid: key.thumbprint(), r#use: "sig", alg: "EdDSA" }
    }
}

/// A key that checks signatures, with the one algorithm that it is for: a token cannot choose another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PublicKey {
    Ed25519([u8; 32]),
    /// The uncompressed point: `4`, x and y.
    P256([u8; 65]),
}

impl PublicKey {
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::P256(_) => Algorithm::Es256,
        }
    }

    pub(crate) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let checked = match self {
            Self::Ed25519(key) => UnparsedPublicKey::new(&signature::ED25519, key).verify(message, signature),
            Self::P256(key) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, key).verify(message, signature)
            }
        };
        checked.is_ok()
    }

    /// RFC 7638: the hash of the required members, in the order of their names, without white space.
    pub(crate) fn thumbprint(&self) -> String {
        let members = match self {
            Self::Ed25519(x) => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encoding::encode(x))
            }
            Self::P256(point) => {
                let (x, y) = point[1..].split_at(32);
                let (x, y) = (encoding::encode(x), encoding::encode(y));
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
        };
        encoding::encode(digest::digest(&digest::SHA256, members.as_bytes()))
    }
}

/// Keys by id.
pub(crate) type KeySet = HashMap<String, PublicKey>;

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// The members of a foreign key that matter; others (certificates, private parts by mistake) are not read.
#[derive(Deserialize)]
struct ForeignKey {
    kty: String,
    crv: String,
    x: String,
    y: Option<String>,
    kid: String,
    r#use: Option<String>,
    alg: Option<String>,
}

/// The keys of a document that can check our tokens; a key of another kind, or for encryption, is passed over.
/// `None` when there is none.
pub(crate) fn read(document: &[u8]) -> Option<KeySet> {
    let document: Document = serde_json::from_slice(document).ok()?;
    let mut keys = KeySet::new();
    for value in document.keys.into_iter().take(MOST_KEYS) {
        let Ok(foreign) = serde_json::from_value::<ForeignKey>(value) else { continue };
        if let Some(key) = usable(&foreign) {
            // Two keys under one id are a mistake of the issuer; the first one stays.
            keys.entry(foreign.kid).or_insert(key);
        }
    }
    (!keys.is_empty()).then_some(keys)
}

fn usable(foreign: &ForeignKey) -> Option<PublicKey> {
    let key = match (foreign.kty.as_str(), foreign.crv.as_str(), &foreign.y) {
        ("OKP", "Ed25519", _) => PublicKey::Ed25519(encoding::decode_exactly(&foreign.x)?),
        ("EC", "P-256", Some(y)) => {
            let (x, y): ([u8; 32], [u8; 32]) =
                (encoding::decode_exactly(&foreign.x)?, encoding::decode_exactly(y)?);
            let mut point = [4; 65];
            point[1..33].copy_from_slice(&x);
            point[33..].copy_from_slice(&y);
            PublicKey::P256(point)
        }
        _ => return None,
    };
    let for_signatures = foreign.r#use.as_deref().is_none_or(|usage| usage == "sig");
    let same_algorithm = foreign.alg.as_deref().is_none_or(|name| name == key.algorithm().name());
    (for_signatures && same_algorithm).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_the_standard() {
        // RFC 8037, appendix A.3.
        let x = encoding::decode_exactly("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        assert_eq!(PublicKey::Ed25519(x).thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn keys_for_other_ends_are_passed_over() {
        let x = encoding::encode([7; 32]);
        let key = |more: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"{more}}}"#);
        let read = |keys: &[String]| read(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes());
        for refused in [
            key(""),
            key(r#","kid":"a","use":"enc""#),
            key(r#","kid":"a","alg":"ES256""#),
            r#"{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}"#.to_owned(),
            r#"{"kty":"oct","kid":"a","k":"AQAB"}"#.to_owned(),
            r#"{"kty":"OKP","crv":"Ed25519","x":"AQAB","kid":"a"}"#.to_owned(),
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","kid":"a"}}"#),
        ] {
            assert_eq!(read(std::slice::from_ref(&refused)), None, "{refused}");
            assert_eq!(read(&[refused, key(r#","kid":"b""#)]).unwrap().len(), 1);
        }
        assert!(super::read(b"{}").is_none() && super::read(b"nonsense").is_none());
    }
}

//! Signatures as in Standard Webhooks 1.0 (github.com/standard-webhooks/standard-webhooks, `spec/standard-webhooks.md`):
//! HMAC-SHA-256 over `ID.TIMESTAMP.BODY`, in base64 behind `v1,`, with one signature for each secret that is good.
//!
//! Invariant: a secret is part of no `Debug` text.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use sealing::{SealError, random_bytes};

/// What a secret begins with, so that whoever finds one knows what it is.
const PREFIX: &str = "whsec_";

/// The secret of one webhook: 256 random bits.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SigningSecret(Vec<u8>);

impl SigningSecret {
    pub(crate) fn random() -> Result<Self, SealError> {
        Ok(Self(random_bytes::<32>()?.to_vec()))
    }

    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// `whsec_` and the bytes in base64, for its owner.
    pub(crate) fn expose(&self) -> String {
        PREFIX.to_owned() + &STANDARD.encode(&self.0)
    }

    fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(..)")
    }
}

/// The header `webhook-signature` of a message that is sent at `timestamp`, in seconds since 1970.
pub(crate) fn signatures(secrets: &[SigningSecret], id: &str, timestamp: i64, body: &str) -> String {
    let all: Vec<String> = secrets.iter().map(|secret| secret.sign(id, timestamp, body)).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SigningSecret {
        SigningSecret(STANDARD.decode(text.strip_prefix(PREFIX).unwrap()).unwrap())
    }

    /// The vector that the libraries of Standard Webhooks are tested with.
    #[test]
    fn the_published_vector() {
        let secret = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signed = signatures(&[secret], id, 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_secret_signs_by_itself() {
        let (new, old) = (SigningSecret::random().unwrap(), SigningSecret::random().unwrap());
        let both = signatures(&[new.clone(), old.clone()], "id", 7, "{}");
        assert_eq!(both, format!("{} {}", new.sign("id", 7, "{}"), old.sign("id", 7, "{}")));
    }

    #[test]
    fn a_secret_is_shown_to_its_owner_and_to_no_log() {
        let secret = SigningSecret::random().unwrap();
        assert_eq!(format!("{secret:?}"), "SigningSecret(..)");
        assert_eq!(self::secret(&secret.expose()), secret);
    }
}

//! The key under which a client may repeat a request, and what follows from it.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::HeaderName;
use axum::http::request::Parts;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Problem;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// `Idempotency-Key`: 1 to 255 visible ASCII characters. As an extractor it is required; `Option<IdempotencyKey>`
/// takes a request without one, but never one with a broken one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key as the client wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        read(parts)?.ok_or_else(Problem::idempotency_key_required)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Problem> {
        read(parts)
    }
}

fn read(parts: &Parts) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = parts.headers.get_all(HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Problem::invalid_header(&HEADER, "send it once"));
    }
    let bytes = value.as_bytes();
    if (1..=255).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic) {
        Ok(Some(IdempotencyKey(bytes.iter().copied().map(char::from).collect())))
    } else {
        Err(Problem::invalid_header(&HEADER, "a key has 1 to 255 visible ASCII characters, without spaces"))
    }
}

/// The command id of a request: the same caller, route and key always give the same id, and nothing else does.
///
/// It is a UUID of version 8 (RFC 9562, "custom"): the first 122 free bits of SHA-256 over the three parts, each
/// behind its length. `method_and_route` names the aggregate too: `POST /v1/accounts/<id>/deposits`.
#[must_use]
pub fn command_id(caller: &str, method_and_route: &str, key: &str) -> Uuid {
    let hash = request_hash(&[caller.as_bytes(), method_and_route.as_bytes(), key.as_bytes()]);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// SHA-256 over parts, each behind its length, so that moving a letter from one part to the next shows.
#[must_use]
pub fn request_hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_id_follows_from_all_three_parts() {
        let id = command_id("ada", "POST /v1/transfers", "k");
        // Stored ids depend on this value: it must never change.
        assert_eq!(id.to_string(), "1b9ccd69-939f-81e3-a289-e4cfb56a59f4");
        assert_eq!(id.get_version_num(), 8);
        for other in [
            command_id("adb", "POST /v1/transfers", "k"),
            command_id("ada", "POST /v1/accounts", "k"),
            command_id("ada", "POST /v1/transfers", "l"),
            command_id("ada", "POST /v1/transfersk", ""),
            command_id("adaP", "OST /v1/transfers", "k"),
        ] {
            assert_ne!(id, other);
        }
    }
}

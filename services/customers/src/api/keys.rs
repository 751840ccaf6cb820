//! `GET /.well-known/jwks.json`, which service-kit answers: what the document says of it.

use utoipa::ToSchema;

use super::openapi::TAG;

/// A JSON Web Key Set (RFC 7517).
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape of what another crate writes")]
struct KeySet {
    keys: Vec<Key>,
}

/// A public key.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape of what another crate writes")]
struct Key {
    /// The kind: `OKP`.
    kty: String,
    /// The curve: `Ed25519`.
    crv: String,
    /// The key itself, in base64url.
    x: String,
    /// Which key it is, as the tokens name it.
    kid: String,
    /// What it is for: `sig`.
    r#use: String,
    /// The one algorithm that it is for.
    alg: String,
}

/// The public keys that tokens are checked with
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "readKeySet",
    tag = TAG,
    responses((
        status = 200,
        description = "The keys that are in use now",
        body = KeySet,
        headers(("Cache-Control" = String, description = "How long it may be kept")),
    )),
    security(()),
)]
#[expect(dead_code, reason = "only what stands above it is read")]
pub(super) fn key_set() {}

//! The public keys of the process that issues tokens, for all others.

use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use chrono::Utc;
use identity::SigningKeys;

/// Where the key set is.
pub const JWKS_PATH: &str = "/.well-known/jwks.json";

/// The route of the key set; a [`super::Guard::public`] one.
pub fn jwks_route(keys: SigningKeys) -> Router {
    let answer = move || async move {
        // Short: a cache in between must not hide a new key for long.
        ([(CACHE_CONTROL, "public, max-age=10")], Json(keys.jwks(Utc::now()))).into_response()
    };
    Router::new().route(JWKS_PATH, get(answer))
}

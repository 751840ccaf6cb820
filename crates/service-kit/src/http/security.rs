//! What every answer tells a browser: that it is data, for this reader, and nothing to run, frame or keep.
//!
//! After OWASP's REST security cheat sheet. A route that serves a page says otherwise itself: a header that is there
//! stays.

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;

use super::{CORRELATION_ID, REQUEST_ID};

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// A browser looks at `Strict-Transport-Security` only over HTTPS, which ends at the proxy in front.
const HEADERS: [(HeaderName, &str); 7] = [
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (REFERRER_POLICY, "no-referrer"),
    (STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (RESOURCE_POLICY, "same-origin"),
];

/// Adds the headers to every answer of `router`.
pub(super) fn protect(router: Router) -> Router {
    HEADERS.into_iter().fold(router, |router, (name, value)| {
        let value = HeaderValue::from_static(value);
        router.layer(SetResponseHeaderLayer::if_not_present(name, value))
    })
}

/// Lets pages of these origins call, with a token and never with cookies. Without origins no header is sent, and a
/// browser keeps the answer from every page but our own.
pub(super) fn share(router: Router, origins: &[HeaderValue]) -> Router {
    if origins.is_empty() {
        return router;
    }
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let request = ["authorization", "content-type", "idempotency-key", "if-match", "prefer"];
    let answer =
        ["etag", "link", "location", "idempotent-replayed", "ratelimit", "ratelimit-policy", "retry-after"];
    let answer = answer.map(HeaderName::from_static).into_iter().chain([REQUEST_ID, CORRELATION_ID]);
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.to_vec()))
        .allow_methods(methods)
        .allow_headers(request.map(HeaderName::from_static))
        .expose_headers(answer.collect::<Vec<_>>());
    router.layer(layer)
}

//! The codes that every service shares. Each is part of the contract with clients.

use std::fmt::Display;
use std::time::Duration;

use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderName, HeaderValue, StatusCode};

use super::Problem;

impl Problem {
    /// 400: the body is not JSON at all.
    #[must_use]
    pub fn invalid_json(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-json", detail)
    }

    /// 422: the body is JSON, but `pointer` in it is missing, unknown, ill-typed or out of range.
    #[must_use]
    pub fn invalid_body(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-body", detail).pointer(pointer)
    }

    /// 415: the body is declared as something else than JSON, or not declared.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        let detail = "send the body as application/json, and say so in Content-Type";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", detail)
    }

    /// 413: the body is longer than `limit` bytes.
    #[must_use]
    pub fn payload_too_large(limit: usize) -> Self {
        let detail = format!("the body may have {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload-too-large", detail)
    }

    /// 408: the client did not send its body in time.
    #[must_use]
    pub fn body_timeout(limit: Duration) -> Self {
        let detail = format!("the body did not arrive within {} seconds", limit.as_secs());
        Self::new(StatusCode::REQUEST_TIMEOUT, "body-timeout", detail)
    }

    /// 401: the request says nothing about who sends it. RFC 6750, 3.1: then the challenge names no error either.
    #[must_use]
    pub fn token_required() -> Self {
        let detail = "sign in, and send the access token as `Authorization: Bearer TOKEN`";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 401: the access token is not believed; `detail` says why, without any part of it.
    #[must_use]
    pub fn invalid_token(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
            .header(WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer error="invalid_token""#))
    }

    /// 403: the caller is known, and may not do this.
    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 503: there has not been a key yet that a token could be checked with.
    #[must_use]
    pub fn keys_unavailable() -> Self {
        let detail = "tokens cannot be checked at the moment; the request was not carried out";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "keys-unavailable", detail).retry_after(1)
    }

    /// 404: there is no such route.
    #[must_use]
    pub fn route_not_found(path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "route-not-found", format!("there is no route {path}"))
    }

    /// 405: the route exists, not with this method. The router adds `Allow`.
    #[must_use]
    pub fn method_not_allowed(method: &str, path: &str) -> Self {
        let detail = format!("{path} does not take {method}; see the Allow header");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
    }

    /// 400: a part of the path, such as an id, is not what the route takes.
    #[must_use]
    pub fn invalid_path(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-path", detail)
    }

    /// 400: a query parameter is unknown, ill-typed or out of range.
    #[must_use]
    pub fn invalid_query(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-query", detail)
    }

    /// 400: a header has a value that cannot be meant.
    #[must_use]
    pub fn invalid_header(header: &HeaderName, detail: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-header", format!("{header}: {detail}"))
            .with("header", header.as_str())
    }

    /// 400: the cursor is none that this service gave out.
    #[must_use]
    pub fn invalid_cursor() -> Self {
        let detail = "the cursor is none that this list gave out; start again without one";
        Self::new(StatusCode::BAD_REQUEST, "invalid-cursor", detail)
    }

    /// 400: this route moves money and wants an `Idempotency-Key`.
    #[must_use]
    pub fn idempotency_key_required() -> Self {
        let detail = "send an Idempotency-Key, and the same one when you repeat the request";
        Self::new(StatusCode::BAD_REQUEST, "idempotency-key-required", detail)
    }

    /// 422: the same `Idempotency-Key` came before with another request.
    #[must_use]
    pub fn idempotency_key_reused() -> Self {
        let detail = "this Idempotency-Key was used for another request";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", detail)
    }

    /// 409: the first request under the same `Idempotency-Key` is not answered yet.
    #[must_use]
    pub fn idempotency_key_in_use() -> Self {
        let detail = "the first request under this Idempotency-Key is still at work; repeat it in a moment";
        Self::new(StatusCode::CONFLICT, "idempotency-key-in-use", detail).retry_after(1)
    }

    /// 429: the caller asked more often than allowed.
    #[must_use]
    pub fn too_many_requests(seconds: u64) -> Self {
        let detail = format!("you ask more often than is allowed; the next request is taken in {seconds} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail).retry_after(seconds)
    }

    /// 412: `If-Match` named another version than the `actual` one, which the answer carries as `version`.
    #[must_use]
    pub fn version_mismatch(actual: i64) -> Self {
        let detail = format!("the version is {actual}, not the one that If-Match names");
        Self::new(StatusCode::PRECONDITION_FAILED, "version-mismatch", detail).with("version", actual)
    }

    /// 503: the service gave up after `limit`. What was asked for may still happen.
    #[must_use]
    pub fn request_timeout(limit: Duration) -> Self {
        let detail =
            format!("no answer within {} seconds; the request may still be carried out", limit.as_secs());
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "request-timeout", detail).retry_after(1)
    }

    /// 503: too much to do, or something that the service needs is away for the moment.
    #[must_use]
    pub fn overloaded(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail).retry_after(1)
    }

    /// 500: our own fault. The error is logged here, once; the client learns only where to look it up.
    #[must_use]
    pub fn internal(error: &(impl Display + ?Sized)) -> Self {
        tracing::error!(%error, "a request failed");
        Self::internal_without_log()
    }

    pub(crate) fn internal_without_log() -> Self {
        let detail = "something went wrong here; quote `instance` when you report it";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }
}

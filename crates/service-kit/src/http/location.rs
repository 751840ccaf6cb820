//! Where a new thing is.

use axum::http::HeaderValue;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};

/// The answer with `Location`. The path stays relative to the host, so that it holds behind the gateway too.
pub fn location(path: &str, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(LOCATION, path);
    }
    response
}

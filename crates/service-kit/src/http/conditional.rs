//! Versions in headers: `ETag` on the way out, `If-Match` on the way in.

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::Problem;

/// The version that the client has seen. `None` without the header, and for `*`: a command needs its aggregate to
/// exist anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(IF_MATCH).iter();
        let Some(value) = values.next() else {
            return Ok(Self(None));
        };
        let text = value.to_str().unwrap_or_default().trim();
        if values.next().is_some() || text.contains(',') {
            return Err(Problem::invalid_header(&IF_MATCH, "name one version only"));
        }
        parse(text).map(Self).map_err(|reason| Problem::invalid_header(&IF_MATCH, reason))
    }
}

fn parse(text: &str) -> Result<Option<i64>, &'static str> {
    if text == "*" {
        return Ok(None);
    }
    if text.starts_with("W/") {
        return Err("a weak tag never matches; send the ETag as it was received");
    }
    let version = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let digits = version.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let version = digits.and_then(|digits| digits.parse().ok());
    version.map(Some).ok_or("send the ETag as it was received, such as \"5\" with its quotes")
}

/// The version as a strong `ETag`: `"5"`.
#[must_use]
pub fn etag(version: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The answer with its version as `ETag`.
pub fn with_version(version: i64, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    response.headers_mut().insert(ETAG, etag(version));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_strong_tag_is_a_version() {
        assert_eq!(parse("\"5\""), Ok(Some(5)));
        assert_eq!(parse("*"), Ok(None));
        assert_eq!(etag(5), "\"5\"");
        for wrong in
            ["", "5", "five", "\"\"", "\"five\"", "\"-1\"", "\"+1\"", "W/\"5\"", "\"99999999999999999999\""]
        {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}

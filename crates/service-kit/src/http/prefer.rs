//! RFC 7240: what the client would like but does not insist on.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// `Prefer`. What is not understood is ignored, as the RFC wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prefer {
    /// `wait=S`: how long the client would wait for a final answer.
    pub wait: Option<Duration>,
}

impl Prefer {
    /// The longest wait that is honoured; a longer one counts as this one.
    pub const MAX_WAIT: Duration = Duration::from_secs(60);

    /// The value of `Preference-Applied` when a wait was asked for.
    #[must_use]
    pub fn applied(self) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("wait={}", self.wait?.as_secs())).ok()
    }

    /// Reads the headers of a request.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let preferences = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
        // The first of several is the one that counts.
        let wait = preferences.flat_map(|value| value.split(',')).find_map(wait);
        Self { wait: wait.map(|seconds| Duration::from_secs(seconds).min(Self::MAX_WAIT)) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Prefer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

fn wait(preference: &str) -> Option<u64> {
    let (name, value) = preference.split(';').next()?.split_once('=')?;
    let value = value.trim().trim_matches('"');
    // More digits than a u64 has are still a wish to wait long.
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    (name.trim().eq_ignore_ascii_case("wait") && is_number).then(|| value.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read_and_everything_else_is_ignored() {
        for (text, seconds) in [
            ("wait=5", Some(5)),
            ("respond-async, WAIT = \"10\" ; x=1", Some(10)),
            ("wait=0", Some(0)),
            ("wait=61", Some(60)),
            ("wait=99999999999999999999999", Some(60)),
            ("wait=5, wait=6", Some(5)),
            ("wait=soon", None),
            ("wait=-1", None),
            ("wait", None),
            ("return=minimal", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(PREFER, HeaderValue::from_static(text));
            assert_eq!(Prefer::of(&headers).wait, seconds.map(Duration::from_secs), "{text}");
        }
    }
}

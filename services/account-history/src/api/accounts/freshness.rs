//! How new an answer must be: `minVersion`, and how long to wait for it.

use axum::http::HeaderName;
use axum::response::Response;
use event_store::Version;
use serde::Deserialize;
use service_kit::http::Prefer;

/// RFC 7240: which preference was honoured.
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// A version: a whole number from 0.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(try_from = "u64")]
pub(super) struct VersionParameter(pub(super) Version);

impl TryFrom<u64> for VersionParameter {
    type Error = &'static str;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        let version = i64::try_from(number).map_err(|_| "no account has so many versions")?;
        Ok(Self(Version(version)))
    }
}

/// Says that a wait that was asked for was honoured, where there was something to wait for.
pub(super) fn tell_applied(mut response: Response, prefer: Prefer, min_version: Version) -> Response {
    if let Some(applied) = prefer.applied().filter(|_| min_version > Version::NONE) {
        response.headers_mut().insert(PREFERENCE_APPLIED, applied);
    }
    response
}

//! JSON bodies, checked against their type and named by pointer where they are wrong.

mod canonical;
mod pointer;

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Problem;
pub use canonical::canonical_hash;

/// The body limit of a router that [`super::finish`] did not touch.
pub(crate) const DEFAULT_BODY_LIMIT: usize = 64 * 1024;
/// How long a client may take to send its body.
const BODY_TIME: Duration = Duration::from_secs(15);
/// How much of a body that is too long is read on, so that the client gets to read its answer.
const DISCARDED: usize = 8 * 1024 * 1024;

/// The limit that [`super::finish`] sets for a router.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimit(pub(crate) usize);

/// A JSON object of type `T`, which should say `#[serde(deny_unknown_fields)]`. As `Option<ValidJson<T>>` the body
/// may be missing altogether, for routes where everything in it is optional.
#[derive(Debug, Clone, Copy)]
pub struct ValidJson<T> {
    /// What was sent.
    pub value: T,
    /// [`canonical_hash`] of what was sent: the same for the same document, however it is spaced and ordered.
    pub hash: [u8; 32],
}

impl<T: Default> ValidJson<T> {
    /// A missing body counts as `{}`, for the value and for the hash.
    #[must_use]
    pub fn or_default(body: Option<Self>) -> Self {
        body.unwrap_or_else(|| Self {
            value: T::default(),
            hash: canonical_hash(&Value::Object(Default::default())),
        })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ValidJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        require_json(request.headers())?;
        parse(&read_limited(request).await?)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for ValidJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Option<Self>, Problem> {
        let declared = require_json(request.headers());
        let bytes = read_limited(request).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        declared?;
        parse(&bytes).map(Some)
    }
}

fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = media_type == "application/json"
        || media_type.strip_prefix("application/").is_some_and(|subtype| subtype.ends_with("+json"));
    if is_json { Ok(()) } else { Err(Problem::unsupported_media_type()) }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<ValidJson<T>, Problem> {
    // The whole document first: what is no JSON is never reported as a wrong field of JSON.
    let document: Value =
        serde_json::from_slice(bytes).map_err(|error| Problem::invalid_json(error.to_string()))?;
    // Serde would take an array for a struct, its fields in order.
    if !document.is_object() {
        return Err(Problem::invalid_body("", "the body must be a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value =
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| pointer::explain(&error))?;
    Ok(ValidJson { value, hash: canonical_hash(&document) })
}

async fn read_limited(request: Request) -> Result<Bytes, Problem> {
    let limit = request.extensions().get::<BodyLimit>().map_or(DEFAULT_BODY_LIMIT, |limit| limit.0);
    let headers = request.headers().clone();
    read_body(&headers, request.into_body(), limit).await
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// `payload-too-large`, `body-timeout`, or `invalid-json` when the connection breaks.
pub async fn read_body(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    match tokio::time::timeout(BODY_TIME, collect(body, limit, announced)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Problem::body_timeout(BODY_TIME)),
    }
}

async fn collect(body: Body, limit: usize, announced: Option<usize>) -> Result<Bytes, Problem> {
    if announced.is_some_and(|length| length > limit.saturating_add(DISCARDED)) {
        return Err(Problem::payload_too_large(limit));
    }
    let mut chunks = body.into_data_stream();
    let mut collected = BytesMut::new();
    let mut length = 0_usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| Problem::invalid_json(format!("the body broke off: {error}")))?;
        length = length.saturating_add(chunk.len());
        if length > limit.saturating_add(DISCARDED) {
            break;
        }
        if length <= limit {
            collected.extend_from_slice(&chunk);
        }
    }
    if length > limit { Err(Problem::payload_too_large(limit)) } else { Ok(collected.freeze()) }
}

#[cfg(test)]
mod tests;

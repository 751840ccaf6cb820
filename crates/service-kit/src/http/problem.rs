//! RFC 9457: the one shape of every refusal.

mod table;

use std::convert::Infallible;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::context;

/// The content type of every problem.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A refusal. Clients go by `code`; `detail` is for people.
#[derive(Debug, Clone)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    detail: String,
    pointer: Option<String>,
    members: Map<String, Value>,
    headers: HeaderMap,
}

/// Left in the response for the layer that counts and logs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProblemCode(pub(crate) &'static str);

impl Problem {
    /// A problem with a stable, kebab-case `code`; its title is the code in words, its type
    /// `urn:bank:problem:<code>`.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            status,
            code,
            detail: detail.into(),
            pointer: None,
            members: Map::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// Names what is wrong in the body, as a JSON pointer (RFC 6901); `""` is the whole body.
    #[must_use]
    pub fn pointer(mut self, pointer: impl Into<String>) -> Self {
        self.0.pointer = Some(pointer.into());
        self
    }

    /// Adds a member of its own to the answer, such as the version that the service has.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(member.to_owned(), value.into());
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Says when another try makes sense.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The stable word that clients go by.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// What happened, for people.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }
}

/// So that `?` works on extractors that never refuse.
impl From<Infallible> for Problem {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// The members in the order in which people read them.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: String,
    status: u16,
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(flatten)]
    members: &'a Map<String, Value>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let inner = *self.0;
        let document = Document {
            r#type: format!("urn:bank:problem:{}", inner.code),
            title: title(inner.code),
            status: inner.status.as_u16(),
            code: inner.code,
            detail: &inner.detail,
            pointer: inner.pointer.as_deref(),
            instance: context::current_request_id().map(|id| id.urn().to_string()),
            members: &inner.members,
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (inner.status, body).into_response();
        response.headers_mut().insert(CONTENT_TYPE, PROBLEM_JSON);
        response.headers_mut().extend(inner.headers);
        response.extensions_mut().insert(ProblemCode(inner.code));
        response
    }
}

/// `insufficient-funds` reads `Insufficient funds`.
fn title(code: &str) -> String {
    let words = code.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

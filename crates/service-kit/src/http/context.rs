//! Who asked, and as part of what: the ids that a request carries through everything that it causes.

pub(super) mod trace;

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use uuid::Uuid;

/// The header with the request's own id; taken from the caller when it is a UUID, and always in the answer.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The header that joins several requests of one client.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

tokio::task_local! {
    static CURRENT: Uuid;
}

/// The ids of the request in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestContext {
    /// This request.
    pub request_id: Uuid,
    /// Everything that the client did under one heading: `x-correlation-id` if that is a UUID, else the request.
    pub correlation_id: Uuid,
    /// W3C trace context: a child of the caller's, or the root of a new trace.
    pub traceparent: String,
    /// W3C trace state, passed on unchanged when the caller's `traceparent` was valid.
    pub tracestate: Option<String>,
}

impl RequestContext {
    /// The context that a request's headers ask for.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let request_id = uuid_in(headers, &REQUEST_ID).unwrap_or_else(Uuid::now_v7);
        let correlation_id = uuid_in(headers, &CORRELATION_ID).unwrap_or(request_id);
        let (traceparent, tracestate) = trace::continue_from(headers);
        Self { request_id, correlation_id, traceparent, tracestate }
    }
}

impl RequestContext {
    /// The same, as what goes on from `span`; unchanged when nobody exports it.
    #[must_use]
    pub fn going_on_from(mut self, span: &tracing::Span) -> Self {
        if let Some(traceparent) = trace_context::traceparent(span) {
            self.traceparent = traceparent;
        }
        self
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let context = parts.extensions.get::<Self>().cloned();
        Ok(context.unwrap_or_else(|| Self::of(&parts.headers)))
    }
}

fn uuid_in(headers: &HeaderMap, name: &HeaderName) -> Option<Uuid> {
    let id = headers.get(name)?.to_str().ok()?.parse::<Uuid>().ok()?;
    (!id.is_nil()).then_some(id)
}

/// The id of the request that this task works on, while it does.
pub(crate) fn current_request_id() -> Option<Uuid> {
    CURRENT.try_with(|id| *id).ok()
}

/// Runs `work` as part of the request.
pub(crate) fn within<F: Future>(request_id: Uuid, work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(request_id, work)
}

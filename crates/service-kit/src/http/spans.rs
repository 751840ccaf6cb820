//! The exported spans of HTTP, named as OpenTelemetry's conventions ask: routes are templates, and no header, path or query
//! is in them, because those may hold what is somebody's own.

use axum::extract::Request;
use http::{Method, StatusCode};
use tracing::{Span, field, trace_span};

use super::context::RequestContext;
use super::context::trace::valid_parent;
use super::observe::known;

/// Asked every few seconds by whoever watches a service; their spans would say nothing.
const PROBES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// The span of answering this request: a child of the caller's, or the root of a trace.
pub(super) fn begin(request: &Request, method: &Method, route: &str) -> Span {
    if !trace_context::is_on() || PROBES.contains(&route) {
        return Span::none();
    }
    trace_context::begun(valid_parent(request.headers()), || {
        let method = known(method);
        trace_span!(
            target: trace_context::TARGET,
            "answer",
            otel.name = format!("{method} {route}"),
            otel.kind = "server",
            otel.status_code = field::Empty,
            http.request.method = method,
            http.route = route,
            http.response.status_code = field::Empty,
        )
    })
}

/// The span of asking another service, as part of this request: by its context, because a request may be carried out by
/// another task than the one that is in its span.
#[must_use]
pub fn asking(context: &RequestContext, method: &Method, service: &str, host: &str) -> Span {
    trace_context::continued(Some(&context.traceparent), || {
        let method = known(method);
        trace_span!(
            target: trace_context::TARGET,
            "ask",
            otel.name = format!("{method} {service}"),
            otel.kind = "client",
            otel.status_code = field::Empty,
            http.request.method = method,
            http.response.status_code = field::Empty,
            server.address = host,
            peer.service = service,
        )
    })
}

/// Notes what came back on the span of whoever answered.
pub(super) fn end(span: &Span, status: StatusCode) {
    note(span, status, status.is_server_error());
}

/// Notes what came back on the span of whoever asked.
pub fn answered(span: &Span, status: StatusCode) {
    note(span, status, status.is_client_error() || status.is_server_error());
}

/// Notes that nothing came back.
pub fn unanswered(span: &Span) {
    span.record("otel.status_code", "ERROR");
}

fn note(span: &Span, status: StatusCode, is_error: bool) {
    span.record("http.response.status_code", status.as_u16());
    if is_error {
        span.record("otel.status_code", "ERROR");
    }
}

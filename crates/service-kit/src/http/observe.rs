//! A request id, a span and metrics for each request. No bodies, and no ids of persons: routes are templates.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use metrics::{counter, histogram};
use tracing::{Instrument, field};

use super::context::{self, REQUEST_ID, RequestContext};
use super::problem::ProblemCode;
use super::spans;

pub(super) async fn observe(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unknown".to_owned(), |path| path.as_str().to_owned());
    let server = spans::begin(&request, &method, &route);
    let request_context = RequestContext::of(request.headers()).going_on_from(&server);
    let request_id = request_context.request_id;
    let span = tracing::info_span!(
        "request", %method, route, %request_id, correlation_id = %request_context.correlation_id,
        status = field::Empty
    );
    request.extensions_mut().insert(request_context);

    let response = context::within(request_id, next.run(request)).instrument(span.clone());
    let mut response = response.instrument(server.clone()).await;

    spans::end(&server, response.status());
    span.record("status", response.status().as_u16());
    span.in_scope(|| log(&response, started));
    count(&method, route, response.status(), started);
    if let Ok(id) = HeaderValue::from_str(&request_id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

fn log(response: &Response, started: Instant) {
    let code = response.extensions().get::<ProblemCode>().map_or("", |code| code.0);
    let (status, elapsed) = (response.status().as_u16(), started.elapsed());
    // Whatever went wrong was logged where it did.
    tracing::debug!(status, code, ?elapsed, "answered");
}

fn count(method: &Method, route: String, status: StatusCode, started: Instant) {
    let method = known(method);
    counter!("http_requests_total", "method" => method, "route" => route.clone(), "status" => status.as_str().to_owned())
        .increment(1);
    histogram!("http_request_duration_seconds", "method" => method, "route" => route)
        .record(started.elapsed().as_secs_f64());
}

/// A client may invent methods; a label must not grow with them.
pub(super) fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

//! What a client hears when a service does not answer.

use axum::http::StatusCode;
use metrics::counter;
use service_kit::http::Problem;

use super::Upstream;

/// How soon another try makes sense, in seconds.
const RETRY_AFTER: u64 = 1;

pub(super) fn explain(upstream: &Upstream, error: reqwest::Error) -> Problem {
    let service = upstream.name;
    let problem = if error.is_connect() {
        let detail = format!("{service} is not available; the request was not carried out");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "upstream-unavailable", detail).retry_after(RETRY_AFTER)
    } else if error.is_timeout() {
        let detail = format!("{service} did not answer in time; the request may still be carried out");
        Problem::new(StatusCode::GATEWAY_TIMEOUT, "upstream-timeout", detail)
    } else {
        let detail = format!("the connection to {service} broke; the request may have been carried out");
        Problem::new(StatusCode::BAD_GATEWAY, "upstream-failed", detail).retry_after(RETRY_AFTER)
    };
    counter!("gateway_upstream_failures_total", "service" => service, "code" => problem.code()).increment(1);
    tracing::warn!(service, code = problem.code(), error = %cause(error), "a service did not answer");
    problem.with("service", service)
}

/// The innermost cause, without the URL, in which ids of customers may stand.
pub(super) fn cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

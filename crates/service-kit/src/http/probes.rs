//! What those who run a service ask it: `/livez`, `/readyz`, `/metrics`.

use std::fmt::Write;

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use crate::health::{Health, Report};
use crate::telemetry;

pub(super) fn routes(health: Health) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(health)
}

async fn readyz(State(health): State<Health>, request: Request) -> Response {
    let wants_json = accepts_json(request.headers());
    let verbose =
        request.uri().query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("verbose")));
    let report = health.report().await;
    let status = if report.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    match (wants_json, verbose) {
        (true, _) => (status, Json(report)).into_response(),
        (false, true) => (status, listed(&report)).into_response(),
        (false, false) => (status, format!("{}\n", report.status)).into_response(),
    }
}

fn accepts_json(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("json"))
}

fn listed(report: &Report) -> String {
    let mut text = String::new();
    for check in &report.checks {
        let _ = match &check.problem {
            None => writeln!(text, "[+] {} ok ({} ms)", check.name, check.millis),
            Some(problem) => writeln!(text, "[-] {}: {problem} ({} ms)", check.name, check.millis),
        };
    }
    text + &format!("{}\n", report.status)
}

async fn metrics() -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], telemetry::metrics().render())
        .into_response()
}

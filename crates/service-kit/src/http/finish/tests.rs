use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;
use tower::ServiceExt;
use uuid::Uuid;

use super::*;
use crate::http::{
    Cursor, CursorKey, IdempotencyKey, IfMatch, Limit, RequestContext, ValidJson, ValidPath, ValidQuery,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    limit: Limit,
    cursor: Option<Cursor>,
}

fn routes() -> Router {
    Router::new()
        .route("/things/{id}", get(|ValidPath(id): ValidPath<Uuid>| async move { id.to_string() }))
        .route(
            "/things",
            get(list).post(|ValidJson { value, .. }: ValidJson<Value>| async move { value.to_string() }),
        )
        .route("/keyed", post(|key: IdempotencyKey| async move { key.as_str().to_owned() }))
        .route("/maybe-keyed", post(|key: Option<IdempotencyKey>| async move { format!("{key:?}") }))
        .route("/conditional", post(|IfMatch(version): IfMatch| async move { format!("{version:?}") }))
        .route("/context", get(context))
        .route("/slow", get(|| async { tokio::time::sleep(Duration::from_secs(3600)).await }))
        .route("/panics", get(|| async { panic!("secret") as () }))
        .route("/fails", get(|| async { Problem::internal("secret") }))
}

fn key() -> CursorKey {
    CursorKey::derived_from(b"a secret")
}

async fn list(ValidQuery(page): ValidQuery<Page>) -> Result<String, Problem> {
    let from = page.cursor.map_or(Ok(0), |cursor| cursor.decode::<u32>(&key(), "/things"))?;
    Ok(format!("{from} {}", page.limit.get()))
}

async fn context(context: RequestContext) -> String {
    format!("{} {} {}", context.request_id, context.correlation_id, context.traceparent)
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn problem(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem: Value = serde_json::from_str(&self.text).unwrap();
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["instance"], format!("urn:uuid:{}", self.header("x-request-id")));
        assert_eq!(problem["type"], format!("urn:bank:problem:{}", problem["code"].as_str().unwrap()));
        problem
    }

    #[track_caller]
    fn is(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.problem()["code"].as_str()), (status, Some(code)), "{}", self.text);
    }
}

async fn call(request: http::request::Builder, body: impl Into<Body>) -> Answer {
    call_with(HttpOptions::default(), request, body).await
}

async fn call_with(options: HttpOptions, request: http::request::Builder, body: impl Into<Body>) -> Answer {
    let router = finish(routes(), options, Health::new());
    answer(router, request, body).await
}

async fn answer(router: Router, request: http::request::Builder, body: impl Into<Body>) -> Answer {
    let response = router.oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, text }
}

async fn get_path(path: &str) -> Answer {
    call(Request::get(path), "").await
}

async fn post_with(path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let request =
        headers.iter().fold(Request::post(path), |request, (name, value)| request.header(*name, *value));
    call(request, body.to_owned()).await
}

#[tokio::test]
async fn unknown_routes_and_wrong_methods_are_problems() {
    get_path("/nothing").await.is(404, "route-not-found");
    get_path("/things/5/more").await.is(404, "route-not-found");
    for (path, method, allowed) in
        [("/things", "DELETE", "GET,HEAD,POST"), ("/keyed", "GET", "POST"), ("/livez", "POST", "GET,HEAD")]
    {
        let answer = call(Request::builder().method(method).uri(path), "").await;
        answer.is(405, "method-not-allowed");
        let mut allow: Vec<_> = answer.header(ALLOW.as_str()).split(',').map(str::trim).collect();
        allow.sort_unstable();
        assert_eq!(allow.join(","), allowed, "{path}");
    }
}

#[tokio::test]
async fn paths_and_queries_are_checked() {
    assert_eq!(get_path("/things/0192f0c1-2345-7abc-8def-0123456789ab").await.status, 200);
    get_path("/things/five").await.is(400, "invalid-path");
    get_path("/things/%ff").await.is(400, "invalid-path");
    assert_eq!(get_path("/things").await.text, "0 50");
    let cursor = serde_json::to_value(Cursor::encode(&key(), "/things", &7).unwrap()).unwrap();
    assert_eq!(
        get_path(&format!("/things?limit=200&cursor={}", cursor.as_str().unwrap())).await.text,
        "7 200"
    );
    for query in ["limit=0", "limit=201", "limit=-1", "limit=many", "limit=1&limit=2", "colour=red", "limit="]
    {
        get_path(&format!("/things?{query}")).await.is(400, "invalid-query");
    }
    get_path("/things?cursor=%20").await.is(400, "invalid-cursor");
    get_path("/things?cursor=").await.is(400, "invalid-cursor");
}

#[tokio::test]
async fn bodies_are_checked() {
    let json = [("content-type", "application/json")];
    assert_eq!(post_with("/things", &json, "{}").await.status, 200);
    post_with("/things", &json, "{").await.is(400, "invalid-json");
    post_with("/things", &[], "{}").await.is(415, "unsupported-media-type");
    let options = HttpOptions { body_limit: 3, ..HttpOptions::default() };
    let request = || Request::post("/things").header(CONTENT_TYPE, "application/json");
    assert_eq!(call_with(options.clone(), request(), "{ }").await.status, 200);
    call_with(options, request(), "{  }").await.is(413, "payload-too-large");
}

#[tokio::test]
async fn keys_and_versions_are_checked() {
    assert_eq!(post_with("/keyed", &[("idempotency-key", "k~1")], "").await.text, "k~1");
    post_with("/keyed", &[], "").await.is(400, "idempotency-key-required");
    assert_eq!(post_with("/maybe-keyed", &[], "").await.text, "None");
    let long = "k".repeat(256);
    for wrong in ["", "a b", "caf\u{e9}", long.as_str()] {
        post_with("/keyed", &[("idempotency-key", wrong)], "").await.is(400, "invalid-header");
        post_with("/maybe-keyed", &[("idempotency-key", wrong)], "").await.is(400, "invalid-header");
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "a")];
    post_with("/keyed", &twice, "").await.is(400, "invalid-header");

    assert_eq!(post_with("/conditional", &[("if-match", "\"7\"")], "").await.text, "Some(7)");
    assert_eq!(post_with("/conditional", &[], "").await.text, "None");
    for wrong in ["7", "W/\"7\"", "\"7\", \"8\"", "five"] {
        post_with("/conditional", &[("if-match", wrong)], "").await.is(400, "invalid-header");
    }
}

#[tokio::test]
async fn a_request_keeps_its_ids() {
    let (request_id, correlation_id) = (Uuid::now_v7(), Uuid::now_v7());
    let request = Request::get("/context")
        .header("x-request-id", request_id.to_string())
        .header("x-correlation-id", correlation_id.to_string())
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let answer = call(request, "").await;
    assert_eq!(answer.header("x-request-id"), request_id.to_string());
    let expected = format!("{request_id} {correlation_id} 00-0af7651916cd43dd8448eb211c80319c-");
    assert!(answer.text.starts_with(&expected), "{}", answer.text);

    let answer = call(Request::get("/context").header("x-request-id", "mine"), "").await;
    let own: Uuid = answer.header("x-request-id").parse().unwrap();
    assert!(answer.text.starts_with(&format!("{own} {own} 00-")), "{}", answer.text);
}

#[tokio::test]
async fn our_own_faults_tell_nothing() {
    for path in ["/panics", "/fails"] {
        let answer = get_path(path).await;
        answer.is(500, "internal");
        assert!(!answer.text.contains("secret"), "{}", answer.text);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_has_a_time_limit() {
    let answer = get_path("/slow").await;
    answer.is(503, "request-timeout");
    assert_eq!(answer.header(RETRY_AFTER.as_str()), "1");
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_are_refused_and_probes_are_not() {
    let options = HttpOptions { max_in_flight: 1, ..HttpOptions::default() };
    let router = finish(routes(), options, Health::new());
    let slow = tokio::spawn(answer(router.clone(), Request::get("/slow"), ""));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let refused = answer(router.clone(), Request::get("/context"), "").await;
    refused.is(503, "overloaded");
    assert_eq!(refused.header(RETRY_AFTER.as_str()), "1");
    assert_eq!(answer(router.clone(), Request::get("/livez"), "").await.status, 200);
    slow.await.unwrap().is(503, "request-timeout");
    assert_eq!(answer(router, Request::get("/context"), "").await.status, 200);
}

#[tokio::test]
async fn probes_say_what_is_wrong() {
    let health =
        Health::new().check("store", || async { Ok::<_, String>(()) }).check("bus", || async { Err("gone") });
    let router = finish(Router::new(), HttpOptions::default(), health.clone());
    assert_eq!(answer(router.clone(), Request::get("/livez"), "").await.text, "ok\n");
    let brief = answer(router.clone(), Request::get("/readyz"), "").await;
    assert_eq!((brief.status, brief.text.as_str()), (503, "not ready\n"));
    let listed = answer(router.clone(), Request::get("/readyz?verbose"), "").await.text;
    assert!(listed.contains("[+] store ok") && listed.contains("[-] bus: gone"), "{listed}");
    let json = answer(router, Request::get("/readyz").header("accept", "application/json"), "").await;
    let json: Value = serde_json::from_str(&json.text).unwrap();
    assert_eq!((&json["status"], &json["checks"][1]["problem"]), (&"not ready".into(), &"gone".into()));

    let ready = finish(Router::new(), HttpOptions::default(), Health::new());
    assert_eq!(answer(ready, Request::get("/readyz"), "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn metrics_go_by_route_template() {
    crate::telemetry::metrics();
    let id = Uuid::now_v7();
    get_path(&format!("/things/{id}")).await;
    get_path("/nothing/secret").await;
    let text = get_path("/metrics").await.text;
    assert!(
        text.contains(r#"http_requests_total{method="GET",route="/things/{id}",status="200"}"#),
        "{text}"
    );
    assert!(text.contains(r#"http_request_duration_seconds_bucket{method="GET",route="unknown""#), "{text}");
    assert!(!text.contains(&id.to_string()) && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn every_answer_is_data_for_its_reader_alone() {
    for path in ["/things", "/nothing", "/panics", "/livez", "/things?limit=0"] {
        let answer = get_path(path).await;
        for (name, value) in [
            ("cache-control", "no-store"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{path}");
    }
}

#[tokio::test]
async fn only_named_origins_may_call() {
    let options =
        HttpOptions { cors_origins: vec!["https://ours.example".parse().unwrap()], ..HttpOptions::default() };
    let ask = async |origin: &str| {
        let preflight = Request::builder().method("OPTIONS").uri("/things").header("origin", origin);
        let preflight = preflight.header("access-control-request-method", "POST");
        call_with(options.clone(), preflight, "").await
    };
    let ours = ask("https://ours.example").await;
    assert_eq!(ours.header("access-control-allow-origin"), "https://ours.example");
    assert!(ours.header("access-control-allow-methods").contains("POST"));
    assert!(!ours.headers.contains_key("access-control-allow-credentials"));
    assert!(!ask("https://theirs.example").await.headers.contains_key("access-control-allow-origin"));
    let off = Request::builder().method("OPTIONS").uri("/things").header("origin", "https://ours.example");
    call(off, "").await.is(405, "method-not-allowed");
}

mod decisions;

use std::io;
use std::num::NonZeroU32;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::routing::{get, post};
use identity::{Fetching, Grant, Seed, SigningKeys, Subject, TokenIssuer, TokenRules};
use serde_json::Value;
use tower::ServiceExt;
use uuid::Uuid;

use super::*;
use crate::http::{Budget, HttpOptions, JWKS_PATH, REQUEST_ID, RateSettings, finish, jwks_route};

fn keys() -> SigningKeys {
    SigningKeys::in_memory(Duration::from_secs(900), Seed::from_bytes([7; 32]), Utc::now()).unwrap()
}

fn token(subject: Subject) -> String {
    let issuer = TokenIssuer::new(keys(), "urn:bank", "bank", TokenIssuer::LIFETIME).unwrap();
    let grant = Grant { subject, session: None, token_id: Uuid::now_v7() };
    issuer.issue(&grant, Utc::now()).unwrap().expose().to_owned()
}

fn customer() -> String {
    token(Subject::Customer(Uuid::nil()))
}

fn operator() -> String {
    token(Subject::operator("olga").unwrap())
}

fn app(verifier: TokenVerifier) -> App {
    let who = |SignedIn(caller): SignedIn| async move { caller.actor().to_string() };
    let freeze = |OperatorCaller(caller): OperatorCaller| async move { caller.actor().to_string() };
    Guard::new(verifier)
        .signed_in(
            Router::new()
                .route("/who", get(who))
                .route("/plain", get(|| async { "plain" }))
                .route("/freeze", post(freeze))
                .route("/mixed", post(|| async { "posted" })),
        )
        .operators(Router::new().route("/office", get(|| async { "office" })))
        .public(
            Router::new()
                .route("/sign-in", post(|| async { "welcome" }))
                .route("/mixed", get(|| async { "read" }))
                .route("/mistake", get(who)),
        )
        .public(jwks_route(keys()))
        .into_app(Health::new())
}

fn router(verifier: TokenVerifier) -> Router {
    let App { router, health } = app(verifier);
    finish(router, HttpOptions::default(), health)
}

fn local() -> TokenVerifier {
    TokenVerifier::local(TokenRules::new("urn:bank", "bank"), keys())
}

struct Answer {
    status: u16,
    code: String,
    challenge: Option<String>,
    text: String,
}

async fn call_at(verifier: TokenVerifier, method: &str, path: &str, headers: &[&str]) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, value| request.header(AUTHORIZATION, *value));
    let response = router(verifier).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let problem: Value = serde_json::from_str(&text).unwrap_or_default();
    let challenge = parts.headers.get(WWW_AUTHENTICATE).map(|value| value.to_str().unwrap().to_owned());
    let code = problem["code"].as_str().unwrap_or_default().to_owned();
    Answer { status: parts.status.as_u16(), code, challenge, text }
}

async fn call(method: &str, path: &str, headers: &[&str]) -> Answer {
    call_at(local(), method, path, headers).await
}

fn bearer_of(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test]
async fn without_a_token_only_what_is_public_answers() {
    for (method, path) in [
        ("GET", "/who"),
        ("GET", "/plain"),
        ("HEAD", "/plain"),
        ("POST", "/freeze"),
        ("GET", "/office"),
        ("POST", "/mixed"),
    ] {
        let answer = call(method, path, &[]).await;
        assert_eq!((answer.status, answer.challenge.as_deref()), (401, Some("Bearer")), "{path}");
        assert!(answer.code == "unauthenticated" || method == "HEAD");
    }
    for (method, path) in [
        ("POST", "/sign-in"),
        ("GET", "/mixed"),
        ("GET", JWKS_PATH),
        ("GET", "/livez"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
    ] {
        assert_eq!(call(method, path, &[]).await.status, 200, "{path}");
    }
    let nowhere = call("GET", "/nothing", &[]).await;
    assert_eq!((nowhere.status, nowhere.code.as_str()), (404, "route-not-found"));
    for (method, path) in [("DELETE", "/who"), ("DELETE", "/mixed"), ("POST", "/office"), ("GET", "/sign-in")]
    {
        let wrong = call(method, path, &[]).await;
        assert_eq!((wrong.status, wrong.code.as_str()), (405, "method-not-allowed"), "{method} {path}");
    }
}

#[tokio::test]
async fn a_token_says_who_calls() {
    let (alice, olga) = (customer(), operator());
    let nobody = Uuid::nil().to_string();
    for header in [bearer_of(&alice), format!("bEARER   {alice} ")] {
        let answer = call("GET", "/who", &[&header]).await;
        assert_eq!((answer.status, answer.text), (200, nobody.clone()));
    }
    for (method, path) in [("POST", "/freeze"), ("GET", "/office")] {
        let refused = call(method, path, &[&bearer_of(&alice)]).await;
        assert_eq!((refused.status, refused.code.as_str()), (403, "forbidden"), "{path}");
        assert_eq!(call(method, path, &[&bearer_of(&olga)]).await.status, 200, "{path}");
    }
    assert_eq!(call("POST", "/freeze", &[&bearer_of(&olga)]).await.text, "operator:olga");
    assert_eq!(call("POST", "/mixed", &[&bearer_of(&alice)]).await.text, "posted");
}

#[tokio::test]
async fn a_bad_token_is_refused_with_a_challenge() {
    let alice = customer();
    let (right, cut) = (bearer_of(&alice), bearer_of(&alice[..alice.len() - 6]));
    for headers in [
        &["Bearer"][..],
        &["Bearer "],
        &["Bearer nonsense"],
        &["Basic YWxpY2U6cHc="],
        &[&alice],
        &[&cut],
        &[&right, &right],
        &[&right, "Basic YWxpY2U6cHc="],
        &[&format!("{right} {alice}")],
        &[&bearer_of(&"x".repeat(10_000))],
    ] {
        let answer = call("GET", "/plain", headers).await;
        assert_eq!((answer.status, answer.code.as_str()), (401, "unauthenticated"), "{headers:?}");
        assert_eq!(answer.challenge.as_deref(), Some(r#"Bearer error="invalid_token""#), "{headers:?}");
        assert!(!answer.text.contains(&alice[..20]));
    }
}

#[tokio::test]
async fn an_old_token_is_refused() {
    let later = || Utc::now() + chrono::TimeDelta::hours(1);
    let guard = Guard::new(local()).clock(later);
    let router = guard.signed_in(Router::new().route("/", get(|| async {}))).into_router();
    let request = Request::get("/").header(AUTHORIZATION, bearer_of(&customer()));
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_handler_that_wants_a_caller_never_runs_without_one() {
    for headers in [vec![], vec![bearer_of(&customer())]] {
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        assert_eq!(call("GET", "/mistake", &headers).await.status, 500);
    }
}

#[tokio::test]
async fn without_keys_the_service_is_not_ready_and_says_that_it_is_not_the_callers_fault() {
    // Nobody listens on this port.
    let verifier = || {
        let rules = TokenRules::new("urn:bank", "bank");
        TokenVerifier::jwks(rules, "http://127.0.0.1:1/keys", Fetching::default()).unwrap()
    };
    let answer = call_at(verifier(), "GET", "/plain", &[&bearer_of(&customer())]).await;
    assert_eq!((answer.status, answer.code.as_str()), (503, "keys-unavailable"));
    assert_eq!(answer.challenge, None);
    assert_eq!(call_at(verifier(), "GET", "/readyz", &[]).await.status, 503);
    assert_eq!(call_at(verifier(), "POST", "/sign-in", &[]).await.status, 200);
}

#[tokio::test]
async fn the_public_keys_are_published_and_nothing_else() {
    let text = call("GET", JWKS_PATH, &[]).await.text;
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["keys"].as_array().unwrap().len(), 1);
    assert_eq!(document["keys"][0].get("d"), None);
}

/// What the whole process logs. Installed for all threads: a subscriber of one thread alone can lose a line, because
/// another thread may be the first to ask whether that line is wanted.
fn logged() -> Arc<Mutex<Vec<u8>>> {
    static LINES: LazyLock<Arc<Mutex<Vec<u8>>>> = LazyLock::new(|| {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&lines);
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || Lines(Arc::clone(&writer)))
            .init();
        lines
    });
    Arc::clone(&LINES)
}

struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_refusal_is_logged_once_and_without_the_token() {
    let logged = logged();
    let mut forged = customer();
    forged.truncate(forged.len() - 6);
    let request_id = Uuid::now_v7().to_string();
    let request = Request::get("/plain").header(AUTHORIZATION, bearer_of(&forged));
    let request = request.header(REQUEST_ID, &request_id).body(Body::empty()).unwrap();

    let response = router(local()).oneshot(request).await.unwrap();

    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let logged = String::from_utf8(logged.lock().unwrap().clone()).unwrap();
    let refusals: Vec<_> =
        logged.lines().filter(|line| line.contains(&request_id) && line.contains("refused")).collect();
    assert!(matches!(refusals[..], [line] if line.contains("signature")), "{refusals:?}");
    for part in forged.split('.').skip(1) {
        assert!(!logged.contains(part), "{part} is in the log");
    }
}

/// Budgets that do not fill up while a test runs.
fn limited() -> Router {
    let budget = |burst: u32| Budget { per_second: NonZeroU32::MIN, burst: NonZeroU32::new(burst).unwrap() };
    let trusted_proxies = Vec::new();
    let rates = RateSettings {
        trusted_proxies,
        strangers: budget(100),
        customers: budget(102),
        operators: budget(103),
    };
    let App { router, health } = app(local());
    finish(router, HttpOptions { rate_limit: Some(rates), ..HttpOptions::default() }, health)
}

async fn ask(router: &Router, path: &str, token: Option<&str>, peer: &str) -> Response {
    let method = if path == "/sign-in" { "POST" } else { "GET" };
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, bearer_of(token));
    }
    let peer: SocketAddr = format!("{peer}:1").parse().unwrap();
    let request = request.extension(ConnectInfo(peer)).body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

/// Asks until it is refused; what each answer said was left.
async fn exhaust(router: &Router, path: &str, token: Option<&str>, peer: &str) -> Vec<u32> {
    let mut left = Vec::new();
    loop {
        let answer = ask(router, path, token, peer).await;
        let limit = answer.headers()["ratelimit"].to_str().unwrap().to_owned();
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            assert!(answer.headers().contains_key("retry-after"));
            assert_eq!(limit, "\"caller\";r=0;t=1");
            return left;
        }
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(left.len() < 200, "never refused");
        let remaining = limit.trim_start_matches("\"caller\";r=").split(';').next().unwrap();
        left.push(remaining.parse().unwrap());
    }
}

#[tokio::test]
async fn every_caller_has_a_budget_of_their_own() {
    let router = limited();
    let other = token(Subject::Customer(Uuid::from_u128(2)));
    let left = exhaust(&router, "/who", Some(&customer()), "10.0.0.1").await;
    assert!(left.len() >= 102 && left[0] == 101 && left.is_sorted_by(|a, b| a >= b), "{left:?}");
    // Neither the address nor the route is theirs alone.
    assert_eq!(ask(&router, "/who", Some(&customer()), "10.0.0.9").await.status(), 429);
    assert_eq!(ask(&router, "/plain", Some(&customer()), "10.0.0.1").await.status(), 429);
    assert_eq!(ask(&router, "/who", Some(&other), "10.0.0.1").await.status(), 200);
    assert!(exhaust(&router, "/who", Some(&operator()), "10.0.0.1").await.len() >= 103);
    assert!(exhaust(&router, "/sign-in", None, "10.0.0.1").await.len() >= 100);
    assert_eq!(ask(&router, "/sign-in", None, "10.0.0.2").await.status(), 200);
}

#[tokio::test]
async fn a_forged_token_spends_nobodys_budget() {
    let router = limited();
    let genuine = customer();
    let forged = format!("{}x", &genuine[..genuine.len() - 2]);
    let mut refused = Vec::new();
    for _ in 0..300 {
        refused.push(ask(&router, "/who", Some(&forged), "10.0.0.1").await.status().as_u16());
    }
    // It is paid for by the address, whose genuine callers go on.
    assert_eq!((refused[0], refused[299]), (401, 429));
    assert_eq!(ask(&router, "/who", Some(&forged), "10.0.0.2").await.status(), 401);
    let answer = ask(&router, "/who", Some(&genuine), "10.0.0.1").await;
    assert_eq!(answer.headers()["ratelimit"], "\"caller\";r=101;t=1");
}

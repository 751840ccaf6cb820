//! A gateway, and one fake service that stands for all three.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api_gateway::Config;
use audit::AuditLog;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use serde_json::Value;
use service_kit::http::{HttpOptions, finish, serve};
use service_kit::{CommonArgs, settings};
use test_support::TestTokens;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A request as the fake service saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Stops what it started when it is dropped.
pub(crate) struct Stage {
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    /// An operator's.
    pub(crate) token: String,
    pub(crate) audit: AuditLog,
    seen: Arc<Mutex<Vec<Seen>>>,
    shutdown: CancellationToken,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Stage {
    /// All services answer with `answer`.
    pub(crate) async fn answering<F, Fut>(answer: F) -> Self
    where
        F: Fn(Seen) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Response> + Send + 'static,
    {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shutdown = CancellationToken::new();
        let log = Arc::clone(&seen);
        let service = Router::new().fallback(move |request: Request| {
            let (log, answer) = (Arc::clone(&log), answer.clone());
            async move {
                let request = note(request).await;
                log.lock().unwrap().push(request.clone());
                answer(request).await
            }
        });
        let address = start(service, &shutdown).await;
        Self::before(&format!("http://{address}"), seen, shutdown).await
    }

    /// All services answer `200 ok`.
    pub(crate) async fn plain() -> Self {
        Self::answering(|_| async { Response::new(Body::from("ok")) }).await
    }

    /// The services are at `service`, whatever that is.
    pub(crate) async fn at(service: &str) -> Self {
        Self::before(service, Arc::default(), CancellationToken::new()).await
    }

    async fn before(service: &str, seen: Arc<Mutex<Vec<Seen>>>, shutdown: CancellationToken) -> Self {
        let keys = tempfile::tempdir().unwrap();
        let tokens = TestTokens::in_folder(keys.path());
        let audit =
            AuditLog::open(&format!("sqlite://{}/audit.sqlite", keys.path().display())).await.unwrap();
        let app = api_gateway::build(&config(service, keys.path())).unwrap().audited(audit.clone());
        let options = HttpOptions { body_limit: 1000, ..HttpOptions::default() };
        let address = start(finish(app.router, options, app.health), &shutdown).await;
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { url: format!("http://{address}"), http, token: tokens.operator(), audit, seen, shutdown }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    /// What the service was asked, without the probes.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn only_seen(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].clone()
    }
}

/// Checks a problem and gives its body.
pub(crate) async fn problem(answer: reqwest::Response, status: u16, code: &str) -> Value {
    let (actual, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    assert_eq!(headers["content-type"], "application/problem+json", "{text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((actual, body["code"].as_str()), (status, Some(code)), "{text}");
    body
}

/// The defaults, with short times and this service in place of all.
fn config(service: &str, keys: &Path) -> Config {
    let settings = ["accounts_url", "transfers_url", "account_history_url", "customers_url", "webhooks_url"]
        .map(|key| format!("{key}={service}"));
    let set = settings
        .into_iter()
        .chain(["upstream_timeout=500ms".to_owned(), "body_limit=1000".to_owned()])
        .chain([format!("tokens.keys=folder:{}", keys.display())])
        .collect();
    settings::load(api_gateway::config::DEFAULTS, &CommonArgs { set, ..CommonArgs::default() }, []).unwrap()
}

async fn start(router: Router, shutdown: &CancellationToken) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router, 64, shutdown.clone(), Duration::ZERO));
    address
}

async fn note(request: Request) -> Seen {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Seen {
        method: parts.method,
        uri: parts.uri.to_string(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

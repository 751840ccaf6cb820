//! A receiver of webhooks on this machine, which answers what it is told to and notes what came.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::Value;
use test_support::eventually;
use tokio::net::TcpListener;

/// One message as it came.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) id: String,
    timestamp: String,
    signatures: Vec<String>,
    raw: String,
    pub(crate) body: Value,
}

impl Hook {
    pub(crate) fn event_type(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default()
    }

    /// Whether one of its signatures was made with this secret, as Standard Webhooks says.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let secret = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
        let signed = format!("{}.{}.{}", self.id, self.timestamp, self.raw);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed.as_bytes());
        self.signatures.contains(&format!("v1,{}", STANDARD.encode(tag)))
    }

    /// Everything that the receiver was told.
    pub(crate) fn text(&self) -> &str {
        &self.raw
    }
}

#[derive(Clone, Default)]
struct Shared {
    hooks: Arc<Mutex<Vec<Hook>>>,
    /// For the next requests; then it is 204.
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

#[derive(Debug, Clone)]
enum Answer {
    Status(u16),
    RedirectTo(String),
}

/// It ends with the runtime of its test.
pub(crate) struct Receiver {
    pub(crate) url: String,
    shared: Shared,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let shared = Shared::default();
        let routes = Router::new().fallback(receive).with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hooks", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, shared }
    }

    /// Where nobody ever answers.
    pub(crate) fn hanging_url(&self) -> String {
        format!("{}/hangs", self.url)
    }

    pub(crate) fn answer_next(&self, statuses: &[u16]) {
        self.answers().extend(statuses.iter().copied().map(Answer::Status));
    }

    pub(crate) fn redirect_next(&self, to: &str) {
        self.answers().push_back(Answer::RedirectTo(to.to_owned()));
    }

    fn answers(&self) -> std::sync::MutexGuard<'_, VecDeque<Answer>> {
        self.shared.answers.lock().expect("no receiver panics")
    }

    pub(crate) fn hooks(&self) -> Vec<Hook> {
        self.shared.hooks.lock().expect("no receiver panics").clone()
    }

    /// The types of what came, in alphabetical order: no order is promised.
    pub(crate) fn types(&self) -> Vec<String> {
        let mut types: Vec<_> = self.hooks().iter().map(|hook| hook.event_type().to_owned()).collect();
        types.sort();
        types
    }

    /// Waits until exactly these have come.
    pub(crate) async fn has_heard(&self, mut types: Vec<&str>) -> Vec<Hook> {
        types.sort_unstable();
        eventually(|| async {
            let heard = self.types();
            if heard == types { Ok(()) } else { Err(heard) }
        })
        .await;
        self.hooks()
    }

    /// Waits until so many messages have come.
    pub(crate) async fn has_got(&self, count: usize) -> Vec<Hook> {
        eventually(|| async {
            let hooks = self.hooks();
            if hooks.len() >= count { Ok(hooks) } else { Err(hooks) }
        })
        .await
    }
}

async fn receive(State(shared): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    if uri.path().ends_with("/hangs") {
        return std::future::pending().await;
    }
    let text = |name: &str| headers[name].to_str().expect("ASCII").to_owned();
    let raw = String::from_utf8(body.to_vec()).expect("a text");
    let hook = Hook {
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp"),
        signatures: text("webhook-signature").split(' ').map(str::to_owned).collect(),
        body: serde_json::from_str(&raw).expect("it is JSON"),
        raw,
    };
    shared.hooks.lock().expect("no receiver panics").push(hook);
    let answer = shared.answers.lock().expect("no receiver panics").pop_front();
    match answer.unwrap_or(Answer::Status(204)) {
        Answer::Status(status) => StatusCode::from_u16(status).expect("a status").into_response(),
        Answer::RedirectTo(url) => (StatusCode::TEMPORARY_REDIRECT, [("location", url)]).into_response(),
    }
}

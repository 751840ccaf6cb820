//! Passes a request on to a service, and its answer back.
//!
//! The request's body is read first, because it is short (`body_limit`): a slow client then occupies no service,
//! and a request that never reached its service can be sent again. The answer is streamed.

mod headers;
mod problems;

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::Method;
use axum::response::Response;
use reqwest::Client;
use serde_json::Value;
use service_kit::http::{DecidedElsewhere, Prefer, Problem, RequestContext, read_body, spans};

use crate::config::BaseUrl;

/// Before the one retry: long enough for a service that restarts to listen again.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// A service behind the gateway.
#[derive(Clone)]
pub(crate) struct Upstream {
    pub(crate) name: &'static str,
    pub(crate) url: BaseUrl,
    pub(crate) client: Client,
    /// For an answer, besides the client's own wait.
    pub(crate) timeout: Duration,
    pub(crate) body_limit: usize,
}

impl Upstream {
    /// Whether the service is there.
    pub(crate) async fn livez(&self) -> Result<(), String> {
        let url = format!("{}/livez", self.url);
        let response = self.client.get(url).timeout(self.timeout).send().await;
        let response = response.map_err(problems::cause)?;
        if response.status().is_success() {
            Ok(())
        } else {
            Err(format!("/livez answers {}", response.status()))
        }
    }

    /// The JSON at a path of its own, which no client asked for.
    pub(crate) async fn read(&self, path: &str) -> Result<Value, Problem> {
        let url = format!("{}{path}", self.url);
        let answer = async {
            let answer = self.client.get(url).timeout(self.timeout).send().await?;
            answer.error_for_status()?.json().await
        };
        answer.await.map_err(|error| problems::explain(self, error))
    }

    /// Sends the request; once more when it surely did not arrive, or when doing it twice is doing it once.
    async fn send(&self, request: &reqwest::Request) -> reqwest::Result<reqwest::Response> {
        let repeatable = matches!(*request.method(), Method::GET | Method::HEAD)
            || (request.headers().contains_key("idempotency-key") && honours_keys(request.url().path()));
        // Every body here is held in memory, and such a request can be copied.
        let copy = || {
            request
                .try_clone()
                .unwrap_or_else(|| reqwest::Request::new(request.method().clone(), request.url().clone()))
        };
        match self.client.execute(copy()).await {
            Err(error) if error.is_connect() || (repeatable && !error.is_timeout()) => {
                tracing::debug!(service = self.name, error = %error.without_url(), "sending a request again");
                tokio::time::sleep(RETRY_PAUSE).await;
                self.client.execute(copy()).await
            }
            outcome => outcome,
        }
    }
}

/// Passwords and refresh tokens are tried at most once a request: a key there means nothing.
fn honours_keys(path: &str) -> bool {
    !path.contains("/v1/sessions") && !path.ends_with("/v1/customers/me/password")
}

/// The handler of every route.
pub(crate) async fn forward(
    State(upstream): State<Upstream>,
    context: RequestContext,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let url = upstream.url.route(path, parts.uri.query());
    let url = url.ok_or_else(|| Problem::invalid_path(format!("{path} is no path of anything here")))?;
    let body = read_body(&parts.headers, body, upstream.body_limit).await?;
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let wait = Prefer::of(&parts.headers).wait.unwrap_or_default();

    let mut outbound = reqwest::Request::new(parts.method, url);
    let host = outbound.url().host_str().unwrap_or_default();
    let span = spans::asking(&context, outbound.method(), upstream.name, host);
    let context = context.going_on_from(&span);
    *outbound.headers_mut() = headers::inbound(parts.headers, peer, &context);
    *outbound.timeout_mut() = Some(upstream.timeout + wait);
    if !body.is_empty() {
        *outbound.body_mut() = Some(body.into());
    }
    let answer = upstream.send(&outbound).await.map_err(|error| {
        spans::unanswered(&span);
        problems::explain(&upstream, error)
    })?;
    spans::answered(&span, answer.status());
    Ok(pass_back(&upstream, answer))
}

fn pass_back(upstream: &Upstream, answer: reqwest::Response) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    *response.headers_mut() = headers::outbound(answer.headers().clone(), &upstream.url.origin());
    *response.body_mut() = Body::from_stream(answer.bytes_stream());
    response.extensions_mut().insert(DecidedElsewhere);
    response
}

//! Who may call which route.
//!
//! Invariant: a route asks for a caller unless its author put it among the [`Guard::public`] ones; nobody gets
//! unguarded routes by forgetting a layer on one of them.
//!
//! A service is wired in a few lines. `tokens: TokenSettings` is a field of its settings, `settings/tokens.toml`
//! stands behind its `default.toml`, and:
//!
//! ```
//! # use axum::{Router, routing::{get, post}};
//! # use service_kit::{App, Health, TokenSettings};
//! use service_kit::http::{Guard, OperatorCaller, SignedIn};
//!
//! # fn build(tokens: &TokenSettings, health: Health) -> anyhow::Result<App> {
//! let everybody_signed_in = Router::new().route("/v1/accounts", post(open));
//! let back_office = Router::new().route("/v1/accounts/{id}/freeze", post(freeze));
//! let prices = Router::new().route("/v1/prices", get(|| async { "free" }));
//!
//! let guard = Guard::new(tokens.verifier(chrono::Utc::now())?);
//! let app = guard.signed_in(everybody_signed_in).operators(back_office).public(prices).into_app(health);
//! # Ok(app)
//! # }
//!
//! async fn open(SignedIn(caller): SignedIn) -> String {
//!     format!("opened for {}", caller.actor())
//! }
//!
//! async fn freeze(OperatorCaller(operator): OperatorCaller) -> String {
//!     format!("frozen by {}", operator.actor())
//! }
//! ```
//!
//! `/livez`, `/readyz` and `/metrics` lie outside. The process that issues tokens opens
//! [`signing_keys`](crate::TokenSettings::signing_keys) once, hands them to
//! [`verifier_with`](crate::TokenSettings::verifier_with) and [`issuer`](crate::TokenSettings::issuer), and adds
//! [`jwks_route`](super::jwks_route) and its sign-in to the public routes. All services in one process share the keys.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, Entry};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use identity::{Caller, TokenError, TokenVerifier};
use metrics::counter;

use super::audited::{self, Asked};
use super::rate::Remaining;
use super::{Problem, RateLimiter};
use crate::app::App;
use crate::health::Health;

pub(super) type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The routes of a service, each among those who may call it.
pub struct Guard {
    checked: Checked,
    router: Router,
}

#[derive(Clone)]
struct Checked {
    verifier: TokenVerifier,
    clock: Clock,
}

impl Guard {
    /// No routes yet; callers are who `verifier` says.
    #[must_use]
    pub fn new(verifier: TokenVerifier) -> Self {
        Self { checked: Checked { verifier, clock: Arc::new(Utc::now) }, router: Router::new() }
    }

    /// Tells the time by another clock. It counts for the routes that are added after this.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        self.checked.clock = Arc::new(clock);
        self
    }

    /// Routes for everybody who signed in: customers and operators.
    #[must_use]
    pub fn signed_in(mut self, routes: Router) -> Self {
        let layer = middleware::from_fn_with_state(self.checked.clone(), authenticate);
        self.router = self.router.merge(routes.layer(layer));
        self
    }

    /// Routes for operators alone.
    #[must_use]
    pub fn operators(self, routes: Router) -> Self {
        self.signed_in(routes.layer(middleware::from_fn(only_operators)))
    }

    /// Routes for everybody: sign-in, public keys.
    #[must_use]
    pub fn public(mut self, routes: Router) -> Self {
        let layer = middleware::from_fn_with_state(self.checked.clone(), serve_stranger);
        self.router = self.router.merge(routes.layer(layer));
        self
    }

    /// The routes with their checks.
    pub fn into_router(self) -> Router {
        self.router
    }

    /// The routes with their checks, and a service that is not ready before it has keys to check tokens with.
    #[must_use]
    pub fn into_app(self, health: Health) -> App {
        let Checked { verifier, clock } = self.checked;
        let health = health.check("token-keys", move || {
            let (verifier, now) = (verifier.clone(), clock());
            async move { verifier.prepare(now).await }
        });
        App { router: self.router, health }
    }
}

/// Puts the [`Caller`] into the request, or refuses it.
async fn authenticate(State(checked): State<Checked>, request: Request, next: Next) -> Response {
    let (asked, clock) = (Asked::of(&request), Arc::clone(&checked.clock));
    let answered = async move {
        let mut request = request;
        match checked.caller(&mut request).await {
            Ok(caller) => {
                let response = serve_caller(&caller, request, next).await.into_response();
                (Some(caller), response)
            }
            Err(problem) => (None, refused(&request, problem).into_response()),
        }
    };
    audited::answer(asked, clock, answered).await
}

/// A token that nobody believes is paid for by the address that it came from; who has no budget left learns no more.
fn refused(request: &Request, problem: Problem) -> Problem {
    let is_callers_fault = problem.status() == StatusCode::UNAUTHORIZED;
    let counted = is_callers_fault.then(|| count_address(request)).flatten();
    counted.and_then(Result::err).unwrap_or(problem)
}

impl Checked {
    async fn caller(&self, request: &mut Request) -> Result<Caller, Problem> {
        hide_tokens(request.headers_mut());
        let token = bearer(request.headers())?;
        self.verifier.verify(token, (self.clock)()).await.map_err(refuse)
    }
}

async fn serve_caller(caller: &Caller, mut request: Request, next: Next) -> Result<Response, Problem> {
    let remaining = limiter(&request).map(|limiter| limiter.count(caller)).transpose()?;
    request.extensions_mut().insert(caller.clone());
    let response = next.run(request).await;
    Ok(match remaining {
        Some(remaining) => remaining.tell(response),
        None => response,
    })
}

async fn only_operators(_: OperatorCaller, request: Request, next: Next) -> Response {
    next.run(request).await
}

async fn serve_stranger(State(checked): State<Checked>, request: Request, next: Next) -> Response {
    let asked = Asked::of(&request);
    let answered = async move { (None, count_stranger(request, next).await.into_response()) };
    audited::answer(asked, checked.clock, answered).await
}

async fn count_stranger(request: Request, next: Next) -> Result<Response, Problem> {
    match count_address(&request) {
        Some(counted) => Ok(counted?.tell(next.run(request).await)),
        None => Ok(next.run(request).await),
    }
}

/// Of whoever has not signed in, an address is all there is to know. `None` where nobody is counted.
fn count_address(request: &Request) -> Option<Result<Remaining, Problem>> {
    let peer = request.extensions().get().map(|ConnectInfo(peer): &ConnectInfo<SocketAddr>| peer.ip())?;
    Some(limiter(request)?.count_stranger(peer, request.headers()))
}

fn limiter(request: &Request) -> Option<&RateLimiter> {
    request.extensions().get::<Option<RateLimiter>>()?.as_ref()
}

/// From here on, whoever shows the headers does not show the token.
fn hide_tokens(headers: &mut HeaderMap) {
    if let Entry::Occupied(mut entry) = headers.entry(AUTHORIZATION) {
        entry.iter_mut().for_each(|value| value.set_sensitive(true));
    }
}

/// The one token of the request.
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        counter!("tokens_refused_total", "reason" => "missing").increment(1);
        return Err(Problem::token_required());
    };
    // Of two tokens, the proxy in front may have looked at the other one.
    let token = if values.next().is_some() { None } else { bearer_token(value) };
    token.ok_or_else(|| {
        counter!("tokens_refused_total", "reason" => "header").increment(1);
        tracing::info!(reason = "header", "refused an Authorization header");
        Problem::invalid_token("send one Authorization header, as `Bearer TOKEN`")
    })
}

/// RFC 9110, 11.1: the scheme in any case, and one or more spaces behind it.
pub(crate) fn bearer_token(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}

fn refuse(error: TokenError) -> Problem {
    counter!("tokens_refused_total", "reason" => error.reason()).increment(1);
    if error.is_callers_fault() {
        tracing::info!(reason = error.reason(), "refused a token");
        Problem::invalid_token(error.to_string())
    } else {
        // Why was logged where the keys were fetched, once for all requests that wait for them.
        Problem::keys_unavailable()
    }
}

/// Whoever signed in: `SignedIn(caller): SignedIn`.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        // A mistake in the program, and refused: a handler that wants a caller never runs without one.
        let missing = "a handler wants a caller on a route that is public or has no guard";
        parts.extensions.get().cloned().map(Self).ok_or_else(|| Problem::internal(missing))
    }
}

/// An operator who signed in; a customer is refused.
#[derive(Debug, Clone)]
pub struct OperatorCaller(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for OperatorCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let SignedIn(caller) = SignedIn::from_request_parts(parts, state).await?;
        if caller.is_operator() {
            return Ok(Self(caller));
        }
        Err(Problem::forbidden("only operators of the bank may do this"))
    }
}

#[cfg(test)]
mod tests;

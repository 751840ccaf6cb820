//! The layers around a service's routes, the same for every service.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, Method, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use super::json::{BodyLimit, DEFAULT_BODY_LIMIT};
use super::{InFlight, Problem, RateLimiter, RateSettings, observe, probes, security};
use crate::health::Health;

/// The limits of a router.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// The longest request body, in bytes.
    pub body_limit: usize,
    /// The longest that a request may take: more than [`super::Prefer::MAX_WAIT`], or waiting clients get no answer.
    pub request_timeout: Duration,
    /// How many requests may be in work at once; more are refused at once, with `overloaded`.
    pub max_in_flight: usize,
    /// How often one caller may ask; `None` counts nobody.
    pub rate_limit: Option<RateSettings>,
    /// Pages of which origins a browser may let call, such as `https://bank.example`.
    pub cors_origins: Vec<HeaderValue>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            body_limit: DEFAULT_BODY_LIMIT,
            request_timeout: Duration::from_secs(75),
            max_in_flight: 4096,
            rate_limit: None,
            cors_origins: Vec::new(),
        }
    }
}

/// Adds what every service has around its routes: `/livez`, `/readyz`, `/metrics`, problems for unknown routes,
/// wrong methods and panics, limits of size, time and number, headers for browsers, request ids, a span and metrics for
/// each request.
pub fn finish(router: Router, options: HttpOptions, health: Health) -> Router {
    let in_flight = Arc::new(Semaphore::new(options.max_in_flight.min(Semaphore::MAX_PERMITS)));
    let limiter = options.rate_limit.as_ref().map(RateLimiter::new);
    let router = router
        .fallback(route_not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(options.body_limit))
        .layer(Extension(BodyLimit(options.body_limit)))
        .layer(Extension(InFlight::default()))
        .layer(Extension(limiter))
        .layer(middleware::from_fn_with_state(options.request_timeout, limit_time))
        .layer(middleware::from_fn_with_state(in_flight, limit_number))
        .merge(probes::routes(health).method_not_allowed_fallback(method_not_allowed))
        .layer(CatchPanicLayer::custom(after_panic));
    security::share(security::protect(router), &options.cors_origins)
        .layer(middleware::from_fn(observe::observe))
}

async fn route_not_found(uri: Uri) -> Problem {
    Problem::route_not_found(uri.path())
}

async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    Problem::method_not_allowed(method.as_str(), uri.path())
}

async fn limit_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!(?limit, "a request took too long");
            Problem::request_timeout(limit).into_response()
        }
    }
}

async fn limit_number(State(in_flight): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    match in_flight.try_acquire() {
        Ok(_permit) => next.run(request).await,
        Err(_) => Problem::overloaded("too many requests are in work; try again soon").into_response(),
    }
}

/// The panic hook has already written where it was; this adds the request, whose span it runs in.
#[expect(clippy::needless_pass_by_value, reason = "the signature that CatchPanicLayer asks for")]
pub(super) fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    let message = panic.downcast_ref::<&str>().copied();
    let message =
        message.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    tracing::error!(panic = message, "a request panicked");
    Problem::internal_without_log().into_response()
}

#[cfg(test)]
mod tests;

//! Routes for the bank's other services. They lie outside `/v1`, so the gateway never forwards them; and only who knows
//! the services' secret is answered.

use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::{self, Next};
use axum::response::Response;

use super::{Problem, bearer_token};
use crate::settings::Secret;

/// How long a service's client keeps a connection that it does not use: less than a service, or a proxy before one, leaves
/// it open, so that no request is sent into a connection that is just being closed.
pub const UNUSED_CONNECTION: Duration = Duration::from_secs(15);

/// The routes, for whoever shows the secret as a bearer token. Nobody knows an empty one.
pub fn between_services(routes: Router, secret: Secret) -> Router {
    routes.layer(middleware::from_fn_with_state(secret, require_secret))
}

async fn require_secret(
    State(secret): State<Secret>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let shown = request.headers().get(AUTHORIZATION).and_then(bearer_token);
    if secret.is(shown.unwrap_or_default()) {
        return Ok(next.run(request).await);
    }
    tracing::warn!("refused a request between services: it did not show `internal_secret`");
    Err(Problem::invalid_token("only services that know internal_secret may ask this"))
}

//! Which answers are decisions that the audit log must know.
//!
//! Every command is one, and so is every refusal for want of a right, and every read by an operator, who sees what is
//! others'. What customers read of their own is not.

use std::panic::AssertUnwindSafe;

use audit::{AuditLog, Decision};
use axum::extract::{MatchedPath, Request};
use axum::http::header::LOCATION;
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use axum::response::Response;
use chrono::{DateTime, Utc};
use futures::FutureExt;
use identity::Caller;
use metrics::counter;
use tracing::Instrument;
use uuid::Uuid;

use super::finish::after_panic;
use super::guard::Clock;
use super::problem::ProblemCode;
use super::{Problem, RequestContext, context};

/// Who it was that a public route found out about: whoever signed in or registered. A handler puts it into its answer.
#[derive(Debug, Clone)]
pub struct ActedAs(pub String);

/// Put into an answer that another service gave, which keeps its decisions itself.
#[derive(Debug, Clone, Copy)]
pub struct DecidedElsewhere;

/// Answers a request, and comes back once the decision is kept, if it is one.
///
/// It runs in a task of its own: a client that goes away, a time limit or a panic leaves no decision out.
pub(super) async fn answer(
    asked: Option<Asked>,
    clock: Clock,
    answered: impl Future<Output = (Option<Caller>, Response)> + Send + 'static,
) -> Response {
    let Some(asked) = asked else { return answered.await.1 };
    let request_id = asked.context.request_id;
    let whole = async move {
        let (caller, response) = match AssertUnwindSafe(answered).catch_unwind().await {
            Ok(answered) => answered,
            Err(panic) => (None, after_panic(panic)),
        };
        if let Some(decided) = asked.answered(caller.as_ref(), &response, clock()) {
            decided.record().await;
        }
        response
    };
    let task = tokio::spawn(context::within(request_id, whole).in_current_span());
    let ended_early = |error| Problem::internal(&error).into_response();
    task.await.unwrap_or_else(ended_early)
}

/// What is known of a request before it is answered.
pub(super) struct Asked {
    log: AuditLog,
    is_command: bool,
    action: String,
    path: String,
    context: RequestContext,
}

/// The path, when its parameters are ids; else the route, because a client may write anything there.
fn of_ids(route: &str, path: &str) -> String {
    let parts = || route.split('/').zip(path.split('/'));
    let is_id = |(of_route, part): (&str, &str)| !of_route.starts_with('{') || part.parse::<Uuid>().is_ok();
    if parts().all(is_id) { path.to_owned() } else { route.to_owned() }
}

/// A decision that the log does not have yet.
struct Decided {
    log: AuditLog,
    decision: Decision,
}

impl Asked {
    /// `None` where nothing is audited.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let log = request.extensions().get::<Option<AuditLog>>()?.clone()?;
        let route = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str);
        Some(Self {
            log,
            is_command: !matches!(*request.method(), Method::GET | Method::HEAD),
            action: format!("{} {route}", request.method()),
            path: of_ids(route, request.uri().path()),
            context: request.extensions().get().cloned()?,
        })
    }

    /// What was decided; `None` when that is nothing to keep.
    fn answered(self, caller: Option<&Caller>, answer: &Response, at: DateTime<Utc>) -> Option<Decided> {
        // Nothing was decided; and whoever asks too often must not fill the log.
        let asked_too_often = answer.status() == StatusCode::TOO_MANY_REQUESTS;
        if asked_too_often || answer.extensions().get::<DecidedElsewhere>().is_some() {
            return None;
        }
        let is_refusal = matches!(answer.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if !(self.is_command || is_refusal || caller.is_some_and(Caller::is_operator)) {
            return None;
        }
        let acted_as = || answer.extensions().get::<ActedAs>().map(|ActedAs(actor)| actor.clone());
        let made = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        let decision = Decision {
            at,
            actor: caller.map(|caller| caller.actor().to_string()).or_else(acted_as),
            action: self.action,
            resource: made.map_or(self.path, str::to_owned),
            status: answer.status().as_u16(),
            code: answer.extensions().get::<ProblemCode>().map(|code| code.0.to_owned()),
            request_id: self.context.request_id,
            correlation_id: self.context.correlation_id,
        };
        Some(Decided { log: self.log, decision })
    }
}

impl Decided {
    /// Keeps the decision, and comes back once it is on disk.
    ///
    /// An entry that cannot be written does not take back what was decided: the answer stands, the entry goes to the
    /// process's own log in its place, and `/readyz` says that the audit log is away.
    async fn record(self) {
        if let Err(error) = self.log.record(self.decision.clone()).await {
            counter!("audit_entries_lost_total").increment(1);
            tracing::error!(%error, decision = ?self.decision, "a decision could not be written to the audit log");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_are_kept_of_a_path() {
        let id = Uuid::from_u128(7);
        let (route, path) = ("/v1/accounts/{id}/holds", format!("/v1/accounts/{id}/holds"));
        assert_eq!(of_ids(route, &path), path);
        assert_eq!(of_ids(route, "/v1/accounts/ada@example.org/holds"), route);
        assert_eq!(of_ids("/v1/accounts", "/v1/accounts"), "/v1/accounts");
    }
}

//! Which answers are decisions that the audit log must know.
//!
//! Every command is one, and so is every refusal for want of a right, and every read by an operator, who sees what is
//! others'. What customers read of their own is not.

use audit::{AuditLog, Decision};
use axum::extract::{MatchedPath, Request};
use axum::http::header::LOCATION;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use identity::Caller;
use metrics::counter;

use super::RequestContext;
use super::problem::ProblemCode;

/// Who it was that a public route found out about: whoever signed in or registered. A handler puts it into its answer.
#[derive(Debug, Clone)]
pub struct ActedAs(pub String);

/// What is known of a request before it is answered.
pub(super) struct Asked {
    log: AuditLog,
    is_command: bool,
    action: String,
    path: String,
    context: RequestContext,
}

/// A decision that the log does not have yet.
pub(super) struct Decided {
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
            path: request.uri().path().to_owned(),
            context: request.extensions().get().cloned()?,
        })
    }

    /// What was decided; `None` when that is nothing to keep.
    pub(super) fn answered(
        self,
        caller: Option<&Caller>,
        answer: &Response,
        at: DateTime<Utc>,
    ) -> Option<Decided> {
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
    pub(super) async fn record(self) {
        if let Err(error) = self.log.record(self.decision.clone()).await {
            counter!("audit_entries_lost_total").increment(1);
            tracing::error!(%error, decision = ?self.decision, "a decision could not be written to the audit log");
        }
    }
}

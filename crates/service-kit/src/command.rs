//! What every command handler does around its one call: the command's identity on the way in, the version on
//! the way out. Knows commands and events, but no aggregate.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::{ETAG, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::text::Actor;
use event_store::{
    CommandContext, ExecuteError, Executed, ExpectedVersion, Metadata, RecordedEvent, RequestHash,
    StoreError, Version,
};
use messaging::Outcome;
use serde::Serialize;
use uuid::Uuid;

use crate::http::{
    self, ActedAs, Answering, IdempotencyKey, IfMatch, InFlight, Prefer, Problem, RequestContext, SignedIn,
};

/// Answers that repeat an earlier one say so.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// RFC 7240: which preference was honoured.
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// A command as it arrives over HTTP: who, what route, under which key, seen at which version.
#[derive(Debug, Clone)]
pub struct CommandRequest {
    arrival: Arrival,
    actor: Actor,
    expected: ExpectedVersion,
    command_id: Uuid,
    /// Until the handler is done, another request under the same key is told so.
    #[expect(dead_code, reason = "it is held, not read")]
    answering: Option<Arc<Answering>>,
}

/// What a request has with or without a caller.
#[derive(Debug, Clone)]
struct Arrival {
    context: RequestContext,
    route: String,
    key: Option<IdempotencyKey>,
}

impl CommandRequest {
    /// This request, when it carries an `Idempotency-Key`.
    ///
    /// # Errors
    /// `idempotency-key-required` when it does not.
    pub fn require_key(self) -> Result<Self, Problem> {
        if self.arrival.key.is_some() { Ok(self) } else { Err(Problem::idempotency_key_required()) }
    }

    /// Who asks, as the domain's rules see them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.actor.clone()
    }

    /// The command's context. With a key, its id follows from (caller, route, key), and the same key with another
    /// body is told apart by `body_hash`; without one, every request is a command of its own.
    #[must_use]
    pub fn context(&self, body_hash: [u8; 32]) -> CommandContext {
        let context = self.arrival.context(self.command_id, &self.actor, body_hash);
        CommandContext { expected: self.expected, ..context }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for CommandRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let arrival = Arrival::of(parts, state).await?;
        let IfMatch(expected) = IfMatch::from_request_parts(parts, state).await?;
        let SignedIn(caller) = SignedIn::from_request_parts(parts, state).await?;
        let expected =
            expected.map_or(ExpectedVersion::Any, |version| ExpectedVersion::Exact(Version(version)));
        let actor = caller.actor();
        let command_id = arrival.command_id(actor.as_str());
        let answering = arrival.begin(command_id, parts.extensions.get())?;
        Ok(Self { arrival, actor, expected, command_id, answering })
    }
}

/// A command of somebody who has not signed in, such as a registration, before it is clear who they say they are.
#[derive(Clone)]
pub struct AnonymousRequest {
    arrival: Arrival,
    in_flight: Option<InFlight>,
}

/// The same, told apart from what other strangers do under the same key.
#[derive(Debug, Clone)]
pub struct ScopedRequest {
    arrival: Arrival,
    command_id: Uuid,
    #[expect(dead_code, reason = "it is held, not read")]
    answering: Option<Arc<Answering>>,
}

impl AnonymousRequest {
    /// The request within `scope`, which follows from what its body says: strangers have no name that keeps their keys
    /// apart.
    ///
    /// # Errors
    /// `idempotency-key-in-use` while another request under the same key and scope is at work.
    pub fn within(self, scope: &[u8]) -> Result<ScopedRequest, Problem> {
        let Self { arrival, in_flight } = self;
        // No name of a caller begins like this.
        let caller = scope.iter().fold("scope ".to_owned(), |name, byte| name + &format!("{byte:02x}"));
        let command_id = arrival.command_id(&caller);
        let answering = arrival.begin(command_id, in_flight.as_ref())?;
        Ok(ScopedRequest { arrival, command_id, answering })
    }
}

impl ScopedRequest {
    /// With an `Idempotency-Key` it follows from (scope, route, key).
    #[must_use]
    pub fn command_id(&self) -> Uuid {
        self.command_id
    }

    /// Whether the client can repeat this very command.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.arrival.key.is_some()
    }

    /// The command's context, on behalf of whom it makes `actor`.
    #[must_use]
    pub fn context(&self, actor: &Actor, request_hash: [u8; 32]) -> CommandContext {
        self.arrival.context(self.command_id, actor, request_hash)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AnonymousRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let arrival = Arrival::of(parts, state).await?;
        Ok(Self { arrival, in_flight: parts.extensions.get().cloned() })
    }
}

impl Arrival {
    async fn of<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Ok(context) = RequestContext::from_request_parts(parts, state).await;
        let key = <IdempotencyKey as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        Ok(Self { context, route: format!("{} {}", parts.method, parts.uri.path()), key })
    }

    /// Without a key every request is a command of its own.
    fn begin(
        &self,
        command_id: Uuid,
        in_flight: Option<&InFlight>,
    ) -> Result<Option<Arc<Answering>>, Problem> {
        let in_flight = in_flight.filter(|_| self.key.is_some());
        in_flight.map(|in_flight| in_flight.begin(command_id).map(Arc::new)).transpose()
    }

    fn command_id(&self, caller: &str) -> Uuid {
        match &self.key {
            Some(key) => http::command_id(caller, &self.route, key.as_str()),
            None => Uuid::now_v7(),
        }
    }

    fn context(&self, command_id: Uuid, actor: &Actor, body_hash: [u8; 32]) -> CommandContext {
        CommandContext {
            request_hash: self.key.is_some().then_some(RequestHash(body_hash)),
            store_refusal: self.key.is_some(),
            metadata: Metadata {
                correlation_id: Some(self.context.correlation_id),
                causation_id: Some(self.context.request_id),
                actor: Some(actor.as_str().to_owned()),
                traceparent: Some(self.context.traceparent.clone()),
                tracestate: self.context.tracestate.clone(),
            },
            ..CommandContext::new(command_id)
        }
    }
}

/// The answer to a command: its body, with the version as `ETag` and whether it is a repetition.
pub struct Reply {
    response: Response,
}

impl Reply {
    /// `body` with the status, version and repetition of `executed`.
    pub fn new<A>(status: StatusCode, executed: &Executed<A>, body: &impl Serialize) -> Self {
        Self::of_many(status, executed.replayed, body).version(executed.version.0)
    }

    /// `body` of a request that was several commands: there is no one version, and it is a repetition when all of them
    /// are.
    pub fn of_many(status: StatusCode, is_repetition: bool, body: &impl Serialize) -> Self {
        let mut response = (status, Json(body)).into_response();
        if is_repetition {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        Self { response }
    }

    /// Adds the version that the command left, as `ETag`.
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.response.headers_mut().insert(ETAG, http::etag(version));
        self
    }

    /// Adds `Location`.
    #[must_use]
    pub fn location(mut self, path: &str) -> Self {
        if let Ok(path) = HeaderValue::from_str(path) {
            self.response.headers_mut().insert(LOCATION, path);
        }
        self
    }

    /// Says who asked, for the audit log: somebody who has not signed in, and of whom this answer makes a customer.
    #[must_use]
    pub fn acted_as(mut self, actor: &Actor) -> Self {
        self.response.extensions_mut().insert(ActedAs(actor.to_string()));
        self
    }

    /// Says that a wait that was asked for was honoured.
    #[must_use]
    pub fn preference_applied(mut self, prefer: Prefer) -> Self {
        if let Some(applied) = prefer.applied() {
            self.response.headers_mut().insert(PREFERENCE_APPLIED, applied);
        }
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        self.response
    }
}

/// Why a command was not carried out, as an answer; `refusal` translates the aggregate's own words.
pub fn problem_of<R: std::error::Error>(
    error: ExecuteError<R>,
    refusal: impl FnOnce(&R) -> Problem,
) -> Problem {
    match error {
        ExecuteError::Refused { refusal: refused, replayed, .. } => {
            let problem = refusal(&refused);
            if replayed { problem.header(REPLAYED, HeaderValue::from_static("true")) } else { problem }
        }
        ExecuteError::Precondition(conflict) => Problem::version_mismatch(conflict.actual.0),
        ExecuteError::RequestMismatch(_) => Problem::idempotency_key_reused(),
        error @ ExecuteError::Overloaded => Problem::overloaded(error.to_string()),
        ExecuteError::Store(error) => problem_of_store(error),
    }
}

/// A store that failed, as an answer: worth another try, or our own fault.
#[must_use]
pub fn problem_of_store(error: StoreError) -> Problem {
    if !error.is_transient() {
        return Problem::internal(&error);
    }
    tracing::warn!(%error, "the event store did not answer a command");
    Problem::overloaded(match error {
        StoreError::Conflict(_) => "others changed the same aggregate again and again; nothing was written",
        // A commit whose answer was lost may stand.
        _ => {
            "the event store is unavailable; a command may have been carried out: repeat it under the same Idempotency-Key"
        }
    })
}

/// The context of a command that an event asks for.
#[must_use]
pub fn caused_by(event: &RecordedEvent, command_id: Uuid) -> CommandContext {
    let mut metadata = Metadata { causation_id: Some(event.event_id), ..event.metadata.clone() };
    // Within the span of handling the event, if there is one, which itself goes on from the event.
    if let Some(traceparent) = trace_context::current() {
        metadata.traceparent = Some(traceparent);
    }
    CommandContext { metadata, waits_for_room: true, ..CommandContext::new(command_id) }
}

/// The context of a further command within the same request. The first one stands, so that this one is not refused for
/// want of room.
#[must_use]
pub fn follow_up(context: &CommandContext, command_id: Uuid) -> CommandContext {
    let metadata = context.metadata.clone();
    CommandContext { metadata, waits_for_room: true, ..CommandContext::new(command_id) }
}

/// What a command's result means for the message that asked for it.
pub fn outcome_of<T, R: std::error::Error>(result: Result<T, ExecuteError<R>>) -> Outcome {
    match result {
        Ok(_) => Outcome::Done,
        Err(ExecuteError::Refused { refusal, .. }) => Outcome::DeadLetter(refusal.to_string()),
        Err(error @ (ExecuteError::Precondition(_) | ExecuteError::RequestMismatch(_))) => {
            Outcome::DeadLetter(error.to_string())
        }
        Err(ExecuteError::Store(error @ (StoreError::Corrupt(_) | StoreError::Codec { .. }))) => {
            Outcome::DeadLetter(error.to_string())
        }
        Err(error @ (ExecuteError::Store(_) | ExecuteError::Overloaded)) => Outcome::Retry(error.to_string()),
    }
}

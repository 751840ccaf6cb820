//! How a command reaches its aggregate: one small interface, whatever path stands behind it.

mod direct;
mod lanes;
mod recorded;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::Aggregate;
use thiserror::Error;
use uuid::Uuid;

use crate::command::{CommandContext, RequestHash};
use crate::error::{Conflict, StoreError};
use crate::event::RecordedEvent;
use crate::repository::{Repository, Versioned, stream_of};
use crate::stream::{ExpectedVersion, Version};

pub use lanes::LaneSettings;

/// How often a command is tried at most while the database does not answer. The second try finds out what became of a
/// commit whose answer was lost.
const TRIES_ON_SILENCE: u32 = 2;

type Answer<A> = Result<Executed<A>, ExecuteError<<A as Aggregate>::Refusal>>;

/// What a command came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Executed<A> {
    /// The aggregate.
    pub id: Uuid,
    /// Its version after the command.
    pub version: Version,
    /// Its state after the command; for a replayed command the state then, not now.
    pub state: A,
    /// What the command appended; empty when it changed nothing.
    pub events: Vec<RecordedEvent>,
    /// Whether the same command was carried out before and this is the first one's result.
    pub replayed: bool,
}

/// Why a command was not carried out. Nothing was appended, except perhaps after [`StoreError::Unavailable`], when
/// nobody knows: the same command id again finds out.
#[derive(Debug, Error)]
pub enum ExecuteError<R: std::error::Error + 'static> {
    /// The aggregate's rules forbid it.
    #[error("{refusal}")]
    Refused {
        /// The rule.
        refusal: R,
        /// The version that refused.
        version: Version,
        /// Whether this is the stored answer to the same command.
        replayed: bool,
    },
    /// The aggregate is not at the version that the caller named.
    #[error(transparent)]
    Precondition(Conflict),
    /// The same command id came before with another request.
    #[error("command {0} was used for another request")]
    RequestMismatch(Uuid),
    /// Too many commands wait already; nothing was done with this one. Worth another try in a second.
    #[error("too many commands wait; try again in a moment")]
    Overloaded,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A way for commands to reach aggregates of one type.
#[async_trait]
pub trait CommandPath<A: Aggregate>: Send + Sync + 'static {
    /// See [`Commands::execute`].
    async fn execute(
        &self,
        id: Uuid,
        command: A::Command,
        context: CommandContext,
    ) -> Result<Executed<A>, ExecuteError<A::Refusal>>;
}

/// Sends commands to aggregates of one type.
pub struct Commands<A> {
    path: Arc<dyn CommandPath<A>>,
    repository: Repository<A>,
}

impl<A> Clone for Commands<A> {
    fn clone(&self) -> Self {
        Self { path: Arc::clone(&self.path), repository: self.repository.clone() }
    }
}

impl<A: Aggregate> Commands<A> {
    /// Commands that wait at the same time are carried out together, one transaction for all of them, on states that
    /// are kept in memory. Must be called within a Tokio runtime; the lanes end with the last clone of this.
    #[must_use]
    pub fn lanes(repository: Repository<A>, settings: &LaneSettings) -> Self {
        Self { path: Arc::new(lanes::LanePath::new(repository.clone(), settings)), repository }
    }

    /// Each command loads its aggregate, decides and commits by itself: the simple way, for tools and comparisons.
    #[must_use]
    pub fn direct(repository: Repository<A>) -> Self {
        Self { path: Arc::new(direct::DirectPath::new(repository.clone())), repository }
    }

    /// Decides `command` on the aggregate `id` and commits what it caused, together with the command's id.
    /// The same command id again answers with the first one's result and appends nothing. The write runs in a
    /// task of its own: dropping this future never leaves half a command.
    ///
    /// # Errors
    /// [`ExecuteError`]; after [`StoreError::Unavailable`] the same command id again finds out whether it was
    /// carried out, after everything else nothing was appended by this call.
    pub async fn execute(
        &self,
        id: Uuid,
        command: A::Command,
        context: CommandContext,
    ) -> Result<Executed<A>, ExecuteError<A::Refusal>> {
        self.path.execute(id, command, context).await
    }

    /// What the command came to, if it is recorded already: for whoever has to look at something else before a new
    /// command, which a repeated one must not depend on.
    ///
    /// # Errors
    /// The refusal that is recorded, [`ExecuteError::RequestMismatch`] when the id was used for another request, or
    /// that the store cannot be read.
    pub async fn recorded(
        &self,
        command_id: Uuid,
        request_hash: Option<RequestHash>,
    ) -> Result<Option<Executed<A>>, ExecuteError<A::Refusal>> {
        let Some(record) = self.repository.store.find_command(command_id).await? else {
            return Ok(None);
        };
        recorded::answers(&self.repository, &[(record, request_hash)]).await?.pop().transpose()
    }
}

/// Whether the aggregate is at the version that the caller named, if any.
fn check_precondition<A: Aggregate>(context: &CommandContext, now: &Versioned<A>) -> Result<(), Conflict> {
    let expected = context.expected;
    if expected == ExpectedVersion::Any || expected == ExpectedVersion::Exact(now.version) {
        return Ok(());
    }
    Err(Conflict { stream: stream_of::<A>(now.id), expected, actual: now.version })
}

/// Up to 2, 4, 8 … 64 ms, at random, so that two processes do not meet again and again.
fn pause_after(tries: u32) -> Duration {
    let [.., random] = Uuid::now_v7().into_bytes();
    let longest = Duration::from_millis(1 << tries.min(6));
    longest * u32::from(random) / u32::from(u8::MAX)
}

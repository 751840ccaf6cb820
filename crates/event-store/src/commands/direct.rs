//! The direct path: each command loads its aggregate, decides and commits by itself.
//!
//! Invariant: the aggregate is loaded before the command's record is looked for. What the same command, sent
//! twice, changed meanwhile is then either not yet in the loaded state, or its record is found. The other way
//! round, the second one could be refused because of what the first one did.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::Aggregate;
use serde_json::Value;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{CommandPath, ExecuteError, Executed};
use crate::command::{CommandContext, CommandRecord};
use crate::error::{Conflict, StoreError};
use crate::fault;
use crate::repository::{Repository, Versioned, decode, stream_of};
use crate::store::Until;
use crate::stream::{ExpectedVersion, Version};
use crate::write_task::to_the_end;

/// How often a command is decided at most while other processes are faster.
const TRIES_ON_CONFLICT: u32 = 10;
/// How often a command is tried at most while the database does not answer. The second try finds out what became of a
/// commit whose answer was lost.
const TRIES_ON_SILENCE: u32 = 2;

type Answer<A> = Result<Executed<A>, ExecuteError<<A as Aggregate>::Refusal>>;

pub(super) struct DirectPath<A> {
    repository: Repository<A>,
    turns: Turns,
}

impl<A: Aggregate> DirectPath<A> {
    pub(super) fn new(repository: Repository<A>) -> Self {
        Self { repository, turns: Turns::default() }
    }
}

#[async_trait]
impl<A: Aggregate> CommandPath<A> for DirectPath<A> {
    async fn execute(&self, id: Uuid, command: A::Command, context: CommandContext) -> Answer<A> {
        let turn = self.turns.of(id);
        let execution = Execution { repository: self.repository.clone(), id, command, context };
        to_the_end(async move {
            let _turn = turn.lock().await;
            execution.run().await
        })
        .await
    }
}

/// One command on its way.
struct Execution<A: Aggregate> {
    repository: Repository<A>,
    id: Uuid,
    command: A::Command,
    context: CommandContext,
}

impl<A: Aggregate> Execution<A> {
    async fn run(self) -> Answer<A> {
        // Counted apart: after conflicts, a commit of unknown outcome still has to be looked up.
        let (mut conflicts, mut silences) = (0, 0);
        loop {
            let tries = match self.attempt().await {
                Err(ExecuteError::Store(failure)) => {
                    let (tries, limit) = match &failure {
                        StoreError::Conflict(_) | StoreError::DuplicateCommand(_) => {
                            (&mut conflicts, TRIES_ON_CONFLICT)
                        }
                        StoreError::Unavailable(_) => (&mut silences, TRIES_ON_SILENCE),
                        _ => return Err(failure.into()),
                    };
                    *tries += 1;
                    if *tries >= limit {
                        return Err(failure.into());
                    }
                    tracing::debug!(command = %self.context.command_id, %failure, tries, "trying again");
                    *tries
                }
                answer => return answer,
            };
            tokio::time::sleep(pause_after(tries)).await;
        }
    }

    async fn attempt(&self) -> Answer<A> {
        let loaded = self.repository.load_state(self.id).await?;
        if let Some(record) = self.repository.store.find_command(self.context.command_id).await? {
            return self.answer_again(record).await;
        }
        self.check_precondition(loaded.version)?;
        match loaded.state.decide(&self.command) {
            Ok(events) => self.commit(loaded, &events).await,
            Err(refusal) => self.refuse(&loaded, refusal).await,
        }
    }

    fn check_precondition(&self, actual: Version) -> Result<(), ExecuteError<A::Refusal>> {
        let expected = self.context.expected;
        if expected == ExpectedVersion::Any || expected == ExpectedVersion::Exact(actual) {
            return Ok(());
        }
        Err(ExecuteError::Precondition(Conflict { stream: stream_of::<A>(self.id), expected, actual }))
    }

    async fn commit(&self, loaded: Versioned<A>, events: &[A::Event]) -> Answer<A> {
        let (after, events) = self.repository.commit(loaded, events, &self.context).await?;
        fault::point(fault::STORE_AFTER_APPEND);
        Ok(Executed { id: after.id, version: after.version, state: after.state, events, replayed: false })
    }

    async fn refuse(&self, loaded: &Versioned<A>, refusal: A::Refusal) -> Answer<A> {
        if self.context.store_refusal {
            let stored = serde_json::to_value(&refusal).map_err(|failure| {
                StoreError::Database(format!("a refusal cannot be written as JSON: {failure}"))
            })?;
            self.repository.commit_refusal(loaded, stored, &self.context).await?;
        }
        Err(ExecuteError::Refused { refusal, version: loaded.version, replayed: false })
    }

    /// What the same command came to the first time.
    async fn answer_again(&self, record: CommandRecord) -> Answer<A> {
        let same_request = record.request_hash == self.context.request_hash;
        if !same_request || record.stream.aggregate_type != A::TYPE {
            return Err(ExecuteError::RequestMismatch(record.command_id));
        }
        match record.refusal {
            Some(refusal) => Err(refused_again(refusal, record.version)),
            None => self.executed_again(&record).await,
        }
    }

    async fn executed_again(&self, record: &CommandRecord) -> Answer<A> {
        let before = Version(record.version.0.saturating_sub(i64::from(record.event_count)));
        let id = record.stream.aggregate_id;
        let base = self.repository.load_until(id, before).await?;
        let until = Until::Version(record.version);
        let events = self.repository.store.load(&record.stream, before, until).await?;
        let state = base.state.fold(&decode::<A>(&events)?);
        Ok(Executed { id, version: record.version, state, events, replayed: true })
    }
}

fn refused_again<R>(refusal: Value, version: Version) -> ExecuteError<R>
where
    R: std::error::Error + serde::de::DeserializeOwned + 'static,
{
    match serde_json::from_value(refusal) {
        Ok(refusal) => ExecuteError::Refused { refusal, version, replayed: true },
        Err(failure) => StoreError::Corrupt(format!("a stored refusal cannot be read: {failure}")).into(),
    }
}

/// Up to 2, 4, 8 … 64 ms, at random, so that two processes do not meet again and again.
fn pause_after(tries: u32) -> Duration {
    let [.., random] = Uuid::now_v7().into_bytes();
    let longest = Duration::from_millis(1 << tries.min(6));
    longest * u32::from(random) / u32::from(u8::MAX)
}

/// Lets the commands on one stream of this process go one after the other, so that only another process can
/// be faster. Streams share a turn by the last byte of their id, which is random in a UUID.
struct Turns([Arc<Mutex<()>>; 256]);

impl Default for Turns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Arc::default()))
    }
}

impl Turns {
    fn of(&self, id: Uuid) -> Arc<Mutex<()>> {
        let [.., place] = id.into_bytes();
        Arc::clone(&self.0[usize::from(place)])
    }
}

//! The direct path: each command loads its aggregate, decides and commits by itself.
//!
//! Invariant: the aggregate is loaded before the command's record is looked for. What the same command, sent
//! twice, changed meanwhile is then either not yet in the loaded state, or its record is found. The other way
//! round, the second one could be refused because of what the first one did.

use std::sync::Arc;

use async_trait::async_trait;
use domain::Aggregate;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{
    Answer, CommandPath, ExecuteError, Executed, TRIES_ON_SILENCE, check_precondition, pause_after, recorded,
};
use crate::command::{CommandContext, CommandRecord};
use crate::error::StoreError;
use crate::fault;
use crate::repository::{Repository, Versioned};
use crate::write_task::to_the_end;

/// How often a command is decided at most while other processes are faster.
const TRIES_ON_CONFLICT: u32 = 10;
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
        check_precondition::<A>(&self.context, &loaded).map_err(ExecuteError::Precondition)?;
        match loaded.state.decide(&self.command) {
            Ok(events) => self.commit(loaded, &events).await,
            Err(refusal) => self.refuse(&loaded, refusal).await,
        }
    }

    async fn commit(&self, loaded: Versioned<A>, events: &[A::Event]) -> Answer<A> {
        let (after, events) = self.repository.commit(loaded, events, &self.context).await?;
        fault::point(fault::STORE_AFTER_APPEND);
        Ok(Executed { id: after.id, version: after.version, state: after.state, events, replayed: false })
    }

    async fn refuse(&self, loaded: &Versioned<A>, refusal: A::Refusal) -> Answer<A> {
        if self.context.store_refusal {
            self.repository.commit_refusal(loaded, &refusal, &self.context).await?;
        }
        Err(ExecuteError::Refused { refusal, version: loaded.version, replayed: false })
    }

    /// What the same command came to the first time.
    async fn answer_again(&self, record: CommandRecord) -> Answer<A> {
        let asked = [(record, self.context.request_hash)];
        recorded::answers(&self.repository, &asked).await?.pop().unwrap_or_else(|| {
            Err(StoreError::Database("a recorded command has no answer".to_owned()).into())
        })
    }
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

//! Deciding a group of commands in order, on states that move along.

use std::collections::{HashMap, HashSet};

use domain::Aggregate;
use uuid::Uuid;

use super::Waiting;
use crate::commands::{ExecuteError, Executed, check_precondition};
use crate::guarded::guarded;
use crate::repository::{Repository, Versioned};
use crate::store::Commit;
use crate::stream::Version;

/// A stream while its commands are decided.
pub(super) struct Working<A> {
    /// Its version before the round.
    pub(super) base: Version,
    /// Its state after what was decided so far.
    pub(super) now: Versioned<A>,
}

/// A command that will be committed, with what it comes to when the commit stands.
pub(super) struct Decided<A: Aggregate> {
    pub(super) place: usize,
    pub(super) waiting: Box<Waiting<A>>,
    /// What is to be written; taken when it is.
    pub(super) commit: Option<Commit>,
    pub(super) result: Result<Versioned<A>, ExecuteError<A::Refusal>>,
}

/// A command that nothing is written for, with its answer, if the state that it was decided on is the true one.
pub(super) struct Doubt<A: Aggregate> {
    pub(super) place: usize,
    pub(super) waiting: Box<Waiting<A>>,
    pub(super) error: ExecuteError<A::Refusal>,
}

/// Commands, decided.
pub(super) struct Round<A: Aggregate> {
    pub(super) streams: HashMap<Uuid, Working<A>>,
    pub(super) decided: Vec<Decided<A>>,
    pub(super) doubts: Vec<Doubt<A>>,
    /// The same command twice at once: those that came second.
    pub(super) twins: Vec<Box<Waiting<A>>>,
}

impl<A: Aggregate> Round<A> {
    /// Decides `group` on `streams`, which hold the stream of every command. A command that cannot be decided at all
    /// is a doubt, too: on the true state it may be.
    pub(super) fn decide(
        repository: &Repository<A>,
        streams: HashMap<Uuid, Working<A>>,
        group: Vec<Box<Waiting<A>>>,
    ) -> Self {
        let mut round =
            Self { streams, decided: Vec::with_capacity(group.len()), doubts: vec![], twins: vec![] };
        let mut seen = HashSet::with_capacity(group.len());
        for (place, waiting) in group.into_iter().enumerate() {
            if seen.insert(waiting.context.command_id) {
                round.decide_one(repository, place, waiting);
            } else {
                round.twins.push(waiting);
            }
        }
        round
    }

    fn decide_one(&mut self, repository: &Repository<A>, place: usize, waiting: Box<Waiting<A>>) {
        let Some(working) = self.streams.get_mut(&waiting.id) else {
            return;
        };
        if let Err(conflict) = check_precondition::<A>(&waiting.context, &working.now) {
            self.doubts.push(Doubt { place, waiting, error: ExecuteError::Precondition(conflict) });
            return;
        }
        let decision = guarded(|| {
            let now = &working.now;
            match now.state.decide(&waiting.command) {
                Ok(events) => {
                    let (commit, after) = repository.prepare(now, &events, &waiting.context)?;
                    Ok((commit, Ok(after)))
                }
                Err(refusal) => {
                    let stored = waiting.context.store_refusal;
                    let prepare = || repository.prepare_refusal(now, &refusal, &waiting.context);
                    let commit = stored.then(prepare).transpose()?;
                    let error = ExecuteError::Refused { refusal, version: now.version, replayed: false };
                    match commit {
                        Some(commit) => Ok((commit, Err(error))),
                        None => Err(error),
                    }
                }
            }
        });
        match decision {
            Ok((commit, result)) => {
                if let Ok(after) = &result {
                    working.now = after.clone();
                }
                self.decided.push(Decided { place, waiting, commit: Some(commit), result });
            }
            Err(error) => self.doubts.push(Doubt { place, waiting, error }),
        }
    }
}

impl<A: Aggregate> Decided<A> {
    /// Answers after the commit stands, with its events as recorded.
    pub(super) fn answer(self, events: Vec<crate::event::RecordedEvent>) {
        let answer = self.result.map(|Versioned { id, version, state }| Executed {
            id,
            version,
            state,
            events,
            replayed: false,
        });
        self.waiting.answer(answer);
    }
}

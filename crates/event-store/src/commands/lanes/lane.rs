//! One lane: takes what waits, carries it out together, and tries again what could not be.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;

use domain::Aggregate;
use futures::FutureExt;
use metrics::counter;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::Waiting;
use super::cache::StateCache;
use super::round::{Decided, Doubt, Round, Working};
use super::snapshots::SnapshotKeeper;
use crate::command::CommandRecord;
use crate::commands::{TRIES_ON_SILENCE, pause_after, recorded};
use crate::error::StoreError;
use crate::event::RecordedEvent;
use crate::fault;
use crate::repository::{Repository, stream_of};
use crate::store::Appended;
use crate::stream::Version;

/// How often a command is decided at most while other processes are faster.
const TRIES_ON_CONFLICT: u32 = 20;
/// So many conflicts are answered at once by another try; from then on a pause lets the other process finish.
const CONFLICTS_WITHOUT_PAUSE: u32 = 2;

pub(super) struct Lane<A: Aggregate> {
    repository: Repository<A>,
    snapshots: SnapshotKeeper<A>,
    cache: StateCache<A>,
    batch: usize,
}

/// Commands that are to be tried again, group by group.
type Groups<A> = Vec<Vec<Box<Waiting<A>>>>;

impl<A: Aggregate> Lane<A> {
    pub(super) fn new(
        repository: Repository<A>,
        snapshots: SnapshotKeeper<A>,
        batch: usize,
        cache_bytes: u64,
    ) -> Self {
        Self { repository, snapshots, cache: StateCache::new(cache_bytes), batch }
    }

    /// Works until the last sender is gone and the queue is empty.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Box<Waiting<A>>>) {
        let mut taken = Vec::with_capacity(self.batch);
        while queue.recv_many(&mut taken, self.batch).await > 0 {
            let mut batch = std::mem::replace(&mut taken, Vec::with_capacity(self.batch));
            take_what_comes(&mut queue, &mut batch, self.batch).await;
            let done = AssertUnwindSafe(self.carry_out(batch)).catch_unwind().await;
            if done.is_err() {
                // Its callers are told that the outcome is unknown; the next batch starts from what is stored.
                tracing::error!(aggregate_type = A::TYPE, "a command lane panicked and goes on");
                self.cache.clear();
            }
        }
    }

    async fn carry_out(&mut self, batch: Vec<Box<Waiting<A>>>) {
        let mut groups = vec![batch];
        while let Some(group) = groups.pop() {
            pause(&group).await;
            let mut again = self.attempt(group).await;
            // The first of them is tried first.
            again.reverse();
            groups.extend(again.into_iter().filter(|group| !group.is_empty()));
        }
    }

    /// Carries out `group` in one transaction and answers it, and gives back what must be tried again.
    async fn attempt(&mut self, group: Vec<Box<Waiting<A>>>) -> Groups<A> {
        let group = match self.answer_recorded(group).await {
            Ok(group) => group,
            Err((group, failure)) => return self.after_failure(group, failure),
        };
        let streams = match self.streams_of(&group).await {
            Ok(streams) => streams,
            Err(failure) => return self.after_failure(group, failure),
        };
        let mut round = Round::decide(&self.repository, streams, group);
        let mut again = vec![round.twins.drain(..).map(recorded_by_now).collect()];
        match self.resolve_doubts(&mut round).await {
            Ok(moved) => again.push(moved),
            Err(failure) => {
                again.extend(self.after_failure(undecided(round), failure));
                return again;
            }
        }
        again.extend(self.commit(round).await);
        again
    }

    /// Answers the commands that are recorded already and gives back the others.
    async fn answer_recorded(
        &self,
        group: Vec<Box<Waiting<A>>>,
    ) -> Result<Vec<Box<Waiting<A>>>, (Vec<Box<Waiting<A>>>, StoreError)> {
        let ids: Vec<Uuid> = group
            .iter()
            .filter(|waiting| waiting.may_be_recorded)
            .map(|waiting| waiting.context.command_id)
            .collect();
        if ids.is_empty() {
            return Ok(group);
        }
        let records = match self.repository.store.find_commands(&ids).await {
            Ok(records) => by_command(records),
            Err(failure) => return Err((group, failure)),
        };
        let (known, mut unknown): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|waiting| records.contains_key(&waiting.context.command_id));
        self.answer_again(known, &records).await;
        unknown.iter_mut().for_each(|waiting| waiting.may_be_recorded = false);
        Ok(unknown)
    }

    /// Answers commands with what is recorded of them.
    async fn answer_again(&self, known: Vec<Box<Waiting<A>>>, records: &HashMap<Uuid, CommandRecord>) {
        let asked: Vec<_> = known
            .iter()
            .filter_map(|waiting| {
                let record = records.get(&waiting.context.command_id)?;
                Some((record.clone(), waiting.context.request_hash))
            })
            .collect();
        if asked.is_empty() {
            return;
        }
        match recorded::answers(&self.repository, &asked).await {
            Ok(answers) => {
                known.into_iter().zip(answers).for_each(|(waiting, answer)| waiting.answer(answer))
            }
            Err(failure) => answer_all(known, &failure),
        }
    }

    /// The states of the group's streams: from the cache, the others in one read.
    async fn streams_of(
        &mut self,
        group: &[Box<Waiting<A>>],
    ) -> Result<HashMap<Uuid, Working<A>>, StoreError> {
        let mut streams = HashMap::with_capacity(group.len());
        let mut unknown = Vec::new();
        let mut asked = HashSet::with_capacity(group.len());
        for id in group.iter().map(|waiting| waiting.id).filter(|id| asked.insert(*id)) {
            match self.cache.get(id) {
                Some(now) => drop(streams.insert(id, Working { base: now.version, now })),
                None => unknown.push(id),
            }
        }
        if !unknown.is_empty() {
            for now in self.repository.load_states(&unknown).await? {
                if now.version > Version::NONE {
                    self.cache.keep(now.clone());
                }
                streams.insert(now.id, Working { base: now.version, now });
            }
        }
        Ok(streams)
    }

    /// Compares what nothing is written for with the store. What is recorded already is answered; what was decided on
    /// a stream that has moved is given back, with everything else on that stream; the other doubts stay and hold.
    async fn resolve_doubts(&mut self, round: &mut Round<A>) -> Result<Vec<Box<Waiting<A>>>, StoreError> {
        if round.doubts.is_empty() {
            return Ok(Vec::new());
        }
        let mut streams: Vec<Uuid> = round.doubts.iter().map(|doubt| doubt.waiting.id).collect();
        streams.sort_unstable();
        streams.dedup();
        // The versions first: a twin that commits in between is then found by its record or by its stream.
        let versions = self.repository.store.versions(A::TYPE, &streams).await?;
        let ids: Vec<Uuid> = round.doubts.iter().map(|doubt| doubt.waiting.context.command_id).collect();
        let records = by_command(self.repository.store.find_commands(&ids).await?);
        let moved: HashSet<Uuid> = streams
            .into_iter()
            .zip(versions)
            .filter(|(id, version)| round.streams.get(id).is_none_or(|working| working.base != *version))
            .map(|(id, _)| id)
            .collect();
        let (known, doubts): (Vec<_>, Vec<_>) = std::mem::take(&mut round.doubts)
            .into_iter()
            .partition(|doubt| records.contains_key(&doubt.waiting.context.command_id));
        round.doubts = doubts;
        self.answer_again(known.into_iter().map(|doubt| doubt.waiting).collect(), &records).await;
        self.forget(&moved);
        Ok(take_streams(round, &moved))
    }

    /// Writes what was decided and answers everything that this settles.
    async fn commit(&mut self, mut round: Round<A>) -> Groups<A> {
        if round.decided.is_empty() {
            round.doubts.into_iter().for_each(Doubt::answer);
            return Vec::new();
        }
        let commits = round.decided.iter_mut().filter_map(|decided| decided.commit.take()).collect();
        match self.repository.store.append_all(commits).await {
            Ok(Appended::Written(recorded)) => {
                fault::point(fault::STORE_AFTER_APPEND);
                self.settle(round, recorded);
                Vec::new()
            }
            Ok(Appended::Refused(objections)) => self.after_refusal(round, objections),
            Err(failure) => {
                let touched = round.streams.keys().copied().collect();
                self.forget(&touched);
                self.after_failure(undecided(round), failure)
            }
        }
    }

    fn settle(&mut self, round: Round<A>, recorded: Vec<Vec<RecordedEvent>>) {
        counter!("bank_lane_commits_total", "aggregate" => A::TYPE).increment(1);
        counter!("bank_lane_commands_total", "aggregate" => A::TYPE).increment(round.decided.len() as u64);
        for working in round.streams.into_values().filter(|working| working.now.version > working.base) {
            self.snapshots.keep_if_due(working.base, &working.now);
            self.cache.keep(working.now);
        }
        round.decided.into_iter().zip(recorded).for_each(|(decided, events)| decided.answer(events));
        round.doubts.into_iter().for_each(Doubt::answer);
    }

    /// Another writer was faster on some streams: the rest is run again together, and what conflicts alone.
    fn after_refusal(&mut self, mut round: Round<A>, objections: Vec<Option<StoreError>>) -> Groups<A> {
        let mut moved = HashSet::new();
        let nobody_moved = objections.iter().all(Option::is_none);
        for (decided, objection) in round.decided.iter_mut().zip(objections) {
            if let Some(objection) = objection {
                moved.insert(decided.waiting.id);
                decided.waiting.may_be_recorded = matches!(objection, StoreError::DuplicateCommand(_));
            }
        }
        counter!("bank_lane_conflicts_total", "aggregate" => A::TYPE).increment(moved.len() as u64);
        self.forget(&moved);
        let alone = after_conflict(take_streams(&mut round, &moved));
        let rest = undecided(round);
        let rest = if nobody_moved { after_conflict(rest) } else { rest };
        vec![rest, alone]
    }

    /// The store failed. When it is only away, all are tried again a limited number of times, after a look for their
    /// records: the commit may stand. Otherwise one of them may be the cause, so that each is tried alone.
    fn after_failure(&mut self, group: Vec<Box<Waiting<A>>>, failure: StoreError) -> Groups<A> {
        if !matches!(failure, StoreError::Unavailable(_)) {
            if group.len() > 1 {
                return group.into_iter().map(|waiting| vec![waiting]).collect();
            }
            if let Some(waiting) = group.into_iter().next() {
                waiting.answer(Err(failure.into()));
            }
            return Vec::new();
        }
        let (given_up, again): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|waiting| waiting.silences + 1 >= TRIES_ON_SILENCE);
        answer_all(given_up, &failure);
        vec![again.into_iter().map(after_silence).collect()]
    }

    fn forget(&mut self, streams: &HashSet<Uuid>) {
        streams.iter().for_each(|id| self.cache.forget(*id));
    }
}

impl<A: Aggregate> Doubt<A> {
    fn answer(self) {
        self.waiting.answer(Err(self.error));
    }
}

/// Adds to `batch` what is being sent right now. Callers that were answered together come back together, and the first of
/// them wakes the lane: whoever is ready to run gets the turn to send, as long as that brings anything. Nobody waits for
/// time to pass.
async fn take_what_comes<A: Aggregate>(
    queue: &mut mpsc::Receiver<Box<Waiting<A>>>,
    batch: &mut Vec<Box<Waiting<A>>>,
    limit: usize,
) {
    loop {
        let before = batch.len();
        tokio::task::yield_now().await;
        while batch.len() < limit {
            let Ok(waiting) = queue.try_recv() else { break };
            batch.push(waiting);
        }
        if batch.len() == before || batch.len() >= limit {
            return;
        }
    }
}

/// Lets a database or another process recover before a group is tried again.
async fn pause<A: Aggregate>(group: &[Box<Waiting<A>>]) {
    let tries = group.iter().map(|waiting| waiting.silences + waiting.conflicts).max().unwrap_or(0);
    if tries > CONFLICTS_WITHOUT_PAUSE || group.iter().any(|waiting| waiting.silences > 0) {
        tokio::time::sleep(pause_after(tries)).await;
    }
}

/// All commands of the round in their order, as if nothing had been decided.
fn undecided<A: Aggregate>(round: Round<A>) -> Vec<Box<Waiting<A>>> {
    in_order(round.decided, round.doubts)
}

/// Takes the commands on `streams` out of the round, in their order.
fn take_streams<A: Aggregate>(round: &mut Round<A>, streams: &HashSet<Uuid>) -> Vec<Box<Waiting<A>>> {
    let decided = round.decided.extract_if(.., |decided| streams.contains(&decided.waiting.id)).collect();
    let doubts = round.doubts.extract_if(.., |doubt| streams.contains(&doubt.waiting.id)).collect();
    in_order(decided, doubts)
}

fn in_order<A: Aggregate>(decided: Vec<Decided<A>>, doubts: Vec<Doubt<A>>) -> Vec<Box<Waiting<A>>> {
    let decided = decided.into_iter().map(|decided| (decided.place, decided.waiting));
    let mut all: Vec<_> =
        decided.chain(doubts.into_iter().map(|doubt| (doubt.place, doubt.waiting))).collect();
    all.sort_unstable_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, waiting)| waiting).collect()
}

fn by_command(records: Vec<CommandRecord>) -> HashMap<Uuid, CommandRecord> {
    records.into_iter().map(|record| (record.command_id, record)).collect()
}

fn recorded_by_now<A: Aggregate>(mut waiting: Box<Waiting<A>>) -> Box<Waiting<A>> {
    waiting.may_be_recorded = true;
    waiting
}

fn after_silence<A: Aggregate>(mut waiting: Box<Waiting<A>>) -> Box<Waiting<A>> {
    waiting.silences += 1;
    recorded_by_now(waiting)
}

/// Counts the conflict; those that had too many are answered.
fn after_conflict<A: Aggregate>(mut group: Vec<Box<Waiting<A>>>) -> Vec<Box<Waiting<A>>> {
    group.iter_mut().for_each(|waiting| waiting.conflicts += 1);
    let (again, given_up): (Vec<_>, Vec<_>) =
        group.into_iter().partition(|waiting| waiting.conflicts < TRIES_ON_CONFLICT);
    for waiting in given_up {
        let reason = format!("other processes were faster on {} each time", stream_of::<A>(waiting.id));
        waiting.answer(Err(StoreError::Unavailable(reason).into()));
    }
    again
}

/// Answers each with the failure in words of its own: errors cannot be shared.
fn answer_all<A: Aggregate>(group: Vec<Box<Waiting<A>>>, failure: &StoreError) {
    for waiting in group {
        let answer = match failure {
            StoreError::Unavailable(reason) => StoreError::Unavailable(reason.clone()),
            StoreError::Corrupt(reason) => StoreError::Corrupt(reason.clone()),
            other => StoreError::Database(other.to_string()),
        };
        waiting.answer(Err(answer.into()));
    }
}

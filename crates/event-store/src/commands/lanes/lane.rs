//! One lane: takes what waits, carries it out together, and tries again what could not be.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use domain::Aggregate;
use futures::FutureExt;
use metrics::counter;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::cache::StateCache;
use super::retry::{Group, after_conflict, after_failure, pause, recorded_by_now};
use super::round::{Decided, Doubt, Round, Working};
use super::snapshots::SnapshotKeeper;
use super::{LaneSettings, Waiting};
use crate::command::CommandRecord;
use crate::commands::recorded;
use crate::error::StoreError;
use crate::event::RecordedEvent;
use crate::fault;
use crate::repository::Repository;
use crate::store::Appended;
use crate::stream::Version;
use crate::writing::Writing;

pub(super) struct Lane<A: Aggregate> {
    repository: Repository<A>,
    snapshots: SnapshotKeeper<A>,
    cache: StateCache<A>,
    batch: usize,
    store_patience: Duration,
}

impl<A: Aggregate> Lane<A> {
    pub(super) fn new(
        repository: Repository<A>,
        snapshots: SnapshotKeeper<A>,
        settings: &LaneSettings,
    ) -> Self {
        let lanes = u64::try_from(settings.lanes.max(1)).unwrap_or(u64::MAX);
        Self {
            repository,
            snapshots,
            cache: StateCache::new(settings.cache_bytes / lanes),
            batch: settings.batch.max(1),
            store_patience: settings.store_patience,
        }
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

    async fn carry_out(&mut self, batch: Group<A>) {
        // The last group is the next one: what a group leaves to be tried again goes before all that came after it.
        let mut groups = vec![batch];
        while let Some(group) = groups.pop() {
            pause(&group).await;
            let again = self.attempt(group).await;
            groups.extend(again.into_iter().rev().filter(|group| !group.is_empty()));
        }
    }

    /// Carries out `group` in one transaction and answers it, and gives back what must be tried again, in this order.
    async fn attempt(&mut self, group: Group<A>) -> Vec<Group<A>> {
        let mut again = Vec::new();
        let group = self.answer_recorded(group, &mut again).await;
        let streams = match self.streams_of(&group).await {
            Ok(streams) => streams,
            Err(failure) => {
                again.extend(after_failure(group, &failure));
                return again;
            }
        };
        let mut round = Round::decide(&self.repository, streams, group);
        let twins = round.twins.drain(..).map(recorded_by_now).collect();
        match self.resolve_doubts(&mut round, &mut again).await {
            Ok(()) => again.extend(self.commit(round).await),
            Err(failure) => again.extend(after_failure(undecided(round), &failure)),
        }
        // Last: only when the first of them is settled is there a record to answer with.
        again.push(twins);
        again
    }

    /// Answers the commands that are recorded already and gives back those that are not; what could not be found out
    /// or read goes into `again`.
    async fn answer_recorded(&self, group: Group<A>, again: &mut Vec<Group<A>>) -> Group<A> {
        let ids: Vec<Uuid> = group
            .iter()
            .filter(|waiting| waiting.may_be_recorded)
            .map(|waiting| waiting.context.command_id)
            .collect();
        if ids.is_empty() {
            return group;
        }
        let records = match self.in_time(self.repository.store.find_commands(&ids)).await {
            Ok(records) => by_command(records),
            Err(failure) => {
                again.extend(after_failure(group, &failure));
                return Vec::new();
            }
        };
        let (known, mut unknown): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|waiting| records.contains_key(&waiting.context.command_id));
        self.answer_again(known, &records, again).await;
        unknown.iter_mut().for_each(|waiting| waiting.may_be_recorded = false);
        unknown
    }

    /// Answers commands with what is recorded of them. When that cannot be read they go into `again`, as commands that
    /// are recorded, in the end each by itself: what is wrong with one stream is not answered for another.
    async fn answer_again(
        &self,
        known: Group<A>,
        records: &HashMap<Uuid, CommandRecord>,
        again: &mut Vec<Group<A>>,
    ) {
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
        match self.in_time(recorded::answers(&self.repository, &asked)).await {
            Ok(answers) => {
                known.into_iter().zip(answers).for_each(|(waiting, answer)| waiting.answer(answer))
            }
            Err(failure) => {
                let known = known.into_iter().map(recorded_by_now).collect();
                again.extend(after_failure(known, &failure));
            }
        }
    }

    /// A store that hangs is one that does not answer. What it was asked for may still happen: after a write the
    /// commands are looked up, and one that commits later still is met by the unique keys.
    async fn in_time<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        tokio::time::timeout(self.store_patience, call).await.unwrap_or_else(|_| {
            Err(StoreError::Unavailable(format!("no answer within {:?}", self.store_patience)))
        })
    }

    /// The states of the group's streams: from the cache, the others in one read.
    async fn streams_of(&mut self, group: &Group<A>) -> Result<HashMap<Uuid, Working<A>>, StoreError> {
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
            for now in self.in_time(self.repository.load_states(&unknown)).await? {
                if now.version > Version::NONE {
                    self.cache.keep(now.clone());
                }
                streams.insert(now.id, Working { base: now.version, now });
            }
        }
        Ok(streams)
    }

    /// Compares what nothing is written for with the store. What is recorded already is answered; what was decided on
    /// a stream that has moved goes into `again`, with everything else on that stream; the other doubts stay and hold.
    async fn resolve_doubts(
        &mut self,
        round: &mut Round<A>,
        again: &mut Vec<Group<A>>,
    ) -> Result<(), StoreError> {
        if round.doubts.is_empty() {
            return Ok(());
        }
        let mut streams: Vec<Uuid> = round.doubts.iter().map(|doubt| doubt.waiting.id).collect();
        streams.sort_unstable();
        streams.dedup();
        let store = &self.repository.store;
        // The versions first: a twin that commits in between is then found by its record or by its stream.
        let versions = self.in_time(store.versions(A::TYPE, &streams)).await?;
        let ids: Vec<Uuid> = round.doubts.iter().map(|doubt| doubt.waiting.context.command_id).collect();
        let records = by_command(self.in_time(store.find_commands(&ids)).await?);
        let moved: HashMap<Uuid, Version> = streams
            .into_iter()
            .zip(versions)
            .filter(|(id, version)| round.streams.get(id).is_none_or(|working| working.base != *version))
            .collect();
        let (known, doubts): (Vec<_>, Vec<_>) = std::mem::take(&mut round.doubts)
            .into_iter()
            .partition(|doubt| records.contains_key(&doubt.waiting.context.command_id));
        round.doubts = doubts;
        let known = known.into_iter().map(|doubt| doubt.waiting).collect();
        self.answer_again(known, &records, again).await;
        again.push(self.conflicted(round, &moved));
        Ok(())
    }

    /// Writes what was decided and answers everything that this settles; gives back what must be tried again.
    async fn commit(&mut self, mut round: Round<A>) -> Vec<Group<A>> {
        if round.decided.is_empty() {
            round.doubts.into_iter().for_each(Doubt::answer);
            return Vec::new();
        }
        let mut commits: Vec<_> =
            round.decided.iter_mut().filter_map(|decided| decided.commit.take()).collect();
        let store = &self.repository.store;
        let writing = Writing::begin(store.system(), &mut commits);
        let appended = self.in_time(store.append_all(commits)).await;
        writing.end_all(&appended);
        match appended {
            Ok(Appended::Written(recorded)) => {
                fault::point(fault::STORE_AFTER_APPEND);
                self.settle(round, recorded);
                Vec::new()
            }
            Ok(Appended::Refused(objections)) => self.after_refusal(round, objections),
            Err(failure) => {
                round.streams.keys().for_each(|id| self.cache.forget(*id));
                after_failure(undecided(round), &failure)
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
    fn after_refusal(&mut self, mut round: Round<A>, objections: Vec<Option<StoreError>>) -> Vec<Group<A>> {
        let mut moved = HashMap::new();
        for (decided, objection) in round.decided.iter_mut().zip(objections) {
            match objection {
                Some(StoreError::Conflict(conflict)) => {
                    moved.insert(decided.waiting.id, conflict.actual);
                }
                Some(_) => {
                    decided.waiting.may_be_recorded = true;
                    moved.entry(decided.waiting.id).or_insert(Version::NONE);
                }
                None => {}
            }
        }
        counter!("bank_lane_conflicts_total", "aggregate" => A::TYPE).increment(moved.len() as u64);
        if moved.is_empty() {
            // Another writer was preferred, and none of the streams has moved: all of them once more.
            moved = round.streams.iter().map(|(id, working)| (*id, working.base)).collect();
            return vec![self.conflicted(&mut round, &moved)];
        }
        let alone = self.conflicted(&mut round, &moved);
        vec![undecided(round), alone]
    }

    /// Takes the commands on streams that are not where this lane believed them out of the round, to be tried again from
    /// what is stored.
    fn conflicted(&mut self, round: &mut Round<A>, moved: &HashMap<Uuid, Version>) -> Group<A> {
        moved.keys().for_each(|id| self.cache.forget(*id));
        after_conflict(take_streams(round, moved), |id| {
            let expected = round.streams.get(&id).map_or(Version::NONE, |working| working.base);
            (expected, moved.get(&id).copied().unwrap_or(expected))
        })
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

/// All commands of the round in their order, as if nothing had been decided.
fn undecided<A: Aggregate>(round: Round<A>) -> Group<A> {
    in_order(round.decided, round.doubts)
}

/// Takes the commands on `streams` out of the round, in their order.
fn take_streams<A: Aggregate>(round: &mut Round<A>, streams: &HashMap<Uuid, Version>) -> Group<A> {
    let decided = round.decided.extract_if(.., |decided| streams.contains_key(&decided.waiting.id)).collect();
    let doubts = round.doubts.extract_if(.., |doubt| streams.contains_key(&doubt.waiting.id)).collect();
    in_order(decided, doubts)
}

fn in_order<A: Aggregate>(decided: Vec<Decided<A>>, doubts: Vec<Doubt<A>>) -> Group<A> {
    let decided = decided.into_iter().map(|decided| (decided.place, decided.waiting));
    let mut all: Vec<_> =
        decided.chain(doubts.into_iter().map(|doubt| (doubt.place, doubt.waiting))).collect();
    all.sort_unstable_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, waiting)| waiting).collect()
}

fn by_command(records: Vec<CommandRecord>) -> HashMap<Uuid, CommandRecord> {
    records.into_iter().map(|record| (record.command_id, record)).collect()
}

//! Handles one partition: batches, retries by key, parking and recovery.
//!
//! Invariant: a key is in at most one place: in the batch under way, being retried, parked, or being recovered.
//! Whatever arrives for it meanwhile waits behind it, in memory or among the letters.

mod keys;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::keys::{Agenda, KeyState, Parked, Retrying};
use super::batch::{Batch, Handled};
use super::context::{Context, Slot};
use super::letters::{letters, park};
use super::recovery::{Recovery, recover};
use crate::backoff::{Backoff, worth_logging};
use crate::dead_letter::{BEHIND, DeadLetter, GAP, ParkedKey};
use crate::fault;
use crate::handler::Outcome;
use crate::message::{Delivery, Position};
use crate::subscription::tracker::Tracker;

/// Retries and recoveries under way at once, beside the batch.
const SIDE_CALLS: usize = 16;

/// What a worker is told.
pub(super) enum Input {
    Deliveries(Vec<Delivery>),
    /// Somebody asked for a redrive of these keys.
    Redrive(Vec<String>),
}

/// What a worker tells: it has fewer messages in hand, and perhaps an offset to store.
pub(super) struct Report {
    pub(super) slot: Slot,
    pub(super) done: Option<Position>,
}

/// The session's end of a worker.
pub(super) struct Ends {
    pub(super) inputs: mpsc::UnboundedReceiver<Input>,
    pub(super) reports: mpsc::UnboundedSender<Report>,
    pub(super) in_hand: Arc<AtomicUsize>,
    /// Cancelled when the partition is let go: calls under way are finished, nothing new is begun.
    pub(super) stop: CancellationToken,
}

enum Finished {
    Batch(Handled),
    Retry(String, Handled),
    Recovery(String, Recovery),
}

pub(super) struct Worker {
    context: Arc<Context>,
    slot: Slot,
    ends: Ends,
    incoming: VecDeque<Delivery>,
    tracker: Tracker,
    keys: HashMap<String, KeyState>,
    agenda: Agenda,
    calls: FuturesUnordered<BoxFuture<'static, Finished>>,
    batch_under_way: bool,
}

impl Worker {
    pub(super) fn new(context: Arc<Context>, slot: Slot, ends: Ends) -> Self {
        Self {
            context,
            slot,
            ends,
            incoming: VecDeque::new(),
            tracker: Tracker::default(),
            keys: HashMap::new(),
            agenda: Agenda::default(),
            calls: FuturesUnordered::new(),
            batch_under_way: false,
        }
    }

    /// Works until told to stop, then finishes what is under way and reports it.
    pub(super) async fn run(mut self) {
        self.load_parked().await;
        while !self.ends.stop.is_cancelled() {
            self.start_due();
            self.start_batch().await;
            let due = self.next_due();
            tokio::select! {
                () = self.ends.stop.cancelled() => break,
                input = self.ends.inputs.recv() => match input {
                    Some(input) => self.take_in(input),
                    None => break,
                },
                Some(finished) = self.calls.next(), if !self.calls.is_empty() => self.finish(finished).await,
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            }
        }
        self.ends.stop.cancel();
        while let Some(finished) = self.calls.next().await {
            self.finish(finished).await;
        }
    }

    /// Learns which keys of this partition wait, whoever parked them.
    async fn load_parked(&mut self) {
        let mut attempt = 0;
        let parked = loop {
            match self.context.subscription.dead_letters.parked(self.context.id()).await {
                Ok(parked) => break parked,
                Err(error) => {
                    attempt += 1;
                    if worth_logging(attempt) {
                        tracing::error!(subscription = self.context.id(), %error, "cannot read the dead letters");
                    }
                    tokio::select! {
                        () = self.ends.stop.cancelled() => return,
                        () = tokio::time::sleep(Backoff::CONNECTION.pause(attempt)) => {}
                    }
                }
            }
        };
        let ours = |parked: &ParkedKey| parked.topic == self.slot.0 && parked.partition == self.slot.1;
        for parked in parked.into_iter().filter(ours) {
            let can_be_filled = parked.reason == GAP && self.context.subscription.owner.is_some();
            // Letters that all wait behind another one, which is gone: it was replayed, and the process ended
            // before these were. Nothing holds them any more.
            let is_unfinished = parked.reason == BEHIND;
            let scheduled = can_be_filled || is_unfinished || parked.redrive_requested;
            if scheduled {
                self.agenda.add(Instant::now(), &parked.key);
            }
            self.keys.insert(parked.key, KeyState::Parked(Parked { scheduled, attempt: 0 }));
        }
    }

    fn take_in(&mut self, first: Input) {
        let mut next = Some(first);
        while let Some(input) = next {
            match input {
                Input::Deliveries(deliveries) => {
                    for delivery in deliveries {
                        if self.tracker.begin(delivery.position.offset) {
                            self.incoming.push_back(delivery);
                        } else {
                            self.ends.in_hand.fetch_sub(1, Ordering::Relaxed);
                        }
                    }
                }
                Input::Redrive(keys) => keys.iter().for_each(|key| self.schedule_redrive(key)),
            }
            next = self.ends.inputs.try_recv().ok();
        }
    }

    fn schedule_redrive(&mut self, key: &str) {
        match self.keys.get_mut(key) {
            Some(KeyState::Parked(parked)) if !parked.scheduled => parked.scheduled = true,
            // Letters that this worker does not know of: only when the key cannot be in a call.
            None if !self.batch_under_way => {
                self.keys.insert(key.to_owned(), KeyState::Parked(Parked { scheduled: true, attempt: 0 }));
            }
            _ => return,
        }
        self.agenda.add(Instant::now(), key);
    }

    /// Takes everything that waits, as long as no batch is under way.
    async fn start_batch(&mut self) {
        while !self.batch_under_way && !self.incoming.is_empty() {
            let mut batch = Vec::new();
            let mut behind = Vec::new();
            while batch.len().max(behind.len()) < self.context.settings.batch_limit {
                let Some(delivery) = self.incoming.pop_front() else {
                    break;
                };
                match self.keys.get_mut(&delivery.message.key) {
                    None => batch.push(delivery),
                    Some(KeyState::Retrying(retrying)) => retrying.queue.push_back(delivery),
                    Some(KeyState::Recovering { held, .. }) => held.push_back(delivery),
                    Some(KeyState::Parked(_)) => {
                        behind.extend(letters(&self.context, vec![delivery], BEHIND))
                    }
                }
            }
            if !batch.is_empty() {
                self.batch_under_way = true;
                let handled = Batch::new(batch).handle(&self.context);
                self.calls.push(Box::pin(async move { Finished::Batch(handled.await) }));
            }
            if !behind.is_empty() && self.park(behind).await {
                self.report();
            }
            if self.ends.stop.is_cancelled() {
                return;
            }
        }
    }

    /// Begins the retries and recoveries whose time has come.
    fn start_due(&mut self) {
        while self.calls.len() < SIDE_CALLS {
            let Some(key) = self.agenda.pop_due(Instant::now()) else {
                return;
            };
            match self.keys.get_mut(&key) {
                Some(KeyState::Retrying(retrying)) => {
                    let count = retrying.queue.len().min(self.context.settings.batch_limit);
                    let deliveries: Vec<Delivery> = retrying.queue.drain(..count).collect();
                    let handled = Batch::new(deliveries).handle(&self.context);
                    self.calls.push(Box::pin(async move { Finished::Retry(key, handled.await) }));
                }
                Some(state @ KeyState::Parked(_)) => {
                    let attempt = state.attempt();
                    *state = KeyState::Recovering { held: VecDeque::new(), attempt };
                    let (context, topic, stop) =
                        (Arc::clone(&self.context), self.slot.0.clone(), self.ends.stop.clone());
                    // A task: it may hold a connection to the dead letters that this worker waits for.
                    let recovery = tokio::spawn(recover(context, topic, key.clone(), stop));
                    self.calls.push(Box::pin(async move {
                        let failed = |error: tokio::task::JoinError| Recovery::Again(error.to_string());
                        Finished::Recovery(key, recovery.await.unwrap_or_else(failed))
                    }));
                }
                Some(KeyState::Recovering { .. }) | None => {}
            }
        }
    }

    fn next_due(&self) -> Option<Instant> {
        (self.calls.len() < SIDE_CALLS).then(|| self.agenda.next()).flatten()
    }

    async fn finish(&mut self, finished: Finished) {
        match finished {
            Finished::Batch(handled) => {
                self.batch_under_way = false;
                self.settle(handled).await;
            }
            Finished::Retry(key, handled) => {
                let before = match self.keys.remove(&key) {
                    Some(KeyState::Retrying(retrying)) => retrying,
                    _ => Retrying::default(),
                };
                self.settle_retry(key, before, handled).await;
            }
            Finished::Recovery(key, recovery) => self.settle_recovery(key, recovery).await,
        }
        self.report();
    }

    /// Finishes what is done and sorts out each key that is not.
    async fn settle(&mut self, handled: Handled) {
        let mut done = 0;
        let mut stopped: Vec<(Outcome, Vec<Delivery>)> = Vec::new();
        let mut place_of: HashMap<String, usize> = HashMap::new();
        for (delivery, outcome) in handled {
            match (place_of.get(&delivery.message.key), outcome) {
                (Some(place), _) => stopped[*place].1.push(delivery),
                (None, Outcome::Done) => {
                    done += 1;
                    self.done(&delivery);
                }
                (None, outcome) => {
                    place_of.insert(delivery.message.key.clone(), stopped.len());
                    stopped.push((outcome, vec![delivery]));
                }
            }
        }
        self.after_handling(done);
        for (outcome, rest) in stopped {
            let Some(key) = rest.first().map(|first| first.message.key.clone()) else {
                continue;
            };
            self.stop_key(key, Retrying::default(), outcome, rest.into()).await;
        }
    }

    /// The same for one key, `before` which more may have arrived.
    async fn settle_retry(&mut self, key: String, mut before: Retrying, handled: Handled) {
        let mut done = 0;
        let mut failure = None;
        let mut rest = VecDeque::new();
        for (delivery, outcome) in handled {
            if failure.is_none() && outcome == Outcome::Done {
                done += 1;
                self.done(&delivery);
                continue;
            }
            failure.get_or_insert(outcome);
            rest.push_back(delivery);
        }
        self.after_handling(done);
        if done > 0 {
            before.attempt = 0;
        }
        rest.append(&mut before.queue);
        match failure {
            Some(outcome) => self.stop_key(key, before, outcome, rest).await,
            None => self.flow_again(key, rest),
        }
    }

    async fn settle_recovery(&mut self, key: String, recovery: Recovery) {
        let (held, attempt) = match self.keys.remove(&key) {
            Some(KeyState::Recovering { held, attempt }) => (held, attempt),
            _ => (VecDeque::new(), 0),
        };
        let mut parked = Parked { scheduled: false, attempt: 0 };
        match recovery {
            Recovery::Released => {
                tracing::info!(subscription = self.context.id(), key, "a parked key flows again");
                return self.flow_again(key, held);
            }
            Recovery::Blocked => {
                tracing::warn!(subscription = self.context.id(), key, "a parked key stays parked")
            }
            Recovery::Again(reason) => {
                parked = Parked { scheduled: true, attempt: attempt + 1 };
                if worth_logging(parked.attempt) {
                    let id = self.context.id();
                    tracing::warn!(subscription = id, key, reason, "cannot replay a parked key yet");
                }
                self.agenda.add(Instant::now() + self.context.settings.retry().pause(parked.attempt), &key);
            }
        }
        self.keys.insert(key, KeyState::Parked(parked));
        let behind =
            held.into_iter().flat_map(|delivery| letters(&self.context, vec![delivery], BEHIND)).collect();
        self.park(behind).await;
    }

    /// The key has nothing that stops it; what arrived meanwhile is handled first.
    fn flow_again(&mut self, key: String, queue: VecDeque<Delivery>) {
        if !queue.is_empty() {
            self.agenda.add(Instant::now(), &key);
            self.keys.insert(key, KeyState::Retrying(Retrying { queue, attempt: 0 }));
        }
    }

    /// The first of `rest` was not done: it and the others of its key are retried later or parked.
    async fn stop_key(&mut self, key: String, before: Retrying, outcome: Outcome, rest: VecDeque<Delivery>) {
        let id = self.context.id();
        let (reason, scheduled) = match outcome {
            Outcome::Done => return self.flow_again(key, rest),
            Outcome::Retry(reason) => {
                let attempt = before.attempt + 1;
                if worth_logging(attempt) {
                    tracing::warn!(subscription = id, key, attempt, reason, "an event is tried again");
                }
                self.context.count("retry", 1);
                self.agenda.add(Instant::now() + self.context.settings.retry().pause(attempt), &key);
                self.keys.insert(key, KeyState::Retrying(Retrying { queue: rest, attempt }));
                return;
            }
            Outcome::DeadLetter(reason) => {
                tracing::error!(subscription = id, key, reason, "an event is a dead letter");
                self.context.count("dead_letter", 1);
                (reason, false)
            }
            Outcome::Gap { last_seen } => {
                tracing::warn!(subscription = id, key, %last_seen, "events are missing");
                self.context.count("gap", 1);
                (GAP.to_owned(), self.context.subscription.owner.is_some())
            }
        };
        let letters = letters(&self.context, rest.into(), &reason);
        if self.park(letters).await && scheduled {
            self.agenda.add(Instant::now(), &key);
        }
        self.keys.insert(key, KeyState::Parked(Parked { scheduled, attempt: 0 }));
    }

    /// Stores letters; false only when the partition is being let go: the messages will come again.
    async fn park(&mut self, letters: Vec<DeadLetter>) -> bool {
        if letters.is_empty() {
            return true;
        }
        let parked = park(&self.context, &letters, &self.ends.stop).await;
        if parked {
            letters.iter().for_each(|letter| self.done(&letter.delivery));
        }
        parked
    }

    fn done(&mut self, delivery: &Delivery) {
        self.tracker.finish(delivery.position.offset);
        self.ends.in_hand.fetch_sub(1, Ordering::Relaxed);
    }

    fn after_handling(&self, done: u64) {
        if done > 0 {
            self.context.count("done", done);
            fault::point(fault::SUBSCRIPTION_AFTER_HANDLE);
        }
    }

    fn report(&mut self) {
        let (topic, partition) = self.slot.clone();
        let done = self.tracker.progress().map(|offset| Position { topic, partition, offset });
        // A session that is gone has let go of the partition.
        let _ = self.ends.reports.send(Report { slot: self.slot.clone(), done });
    }
}

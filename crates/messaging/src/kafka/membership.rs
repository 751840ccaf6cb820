//! What happens between the thread that polls Kafka and the member that hands messages on: deliveries in order
//! with assignments and revocations, and the wait for work under way before a partition is let go.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::mpsc;

use super::client::log;
use crate::bus::{BusError, SourceEvent};
use crate::message::{Delivery, Position};

pub(super) type Slot = (String, i32);
pub(super) type Events = mpsc::Sender<Result<SourceEvent, BusError>>;

pub(super) struct Membership {
    events: Events,
    /// The partitions that are ours, each with the next offset to commit once there is one.
    owned: Mutex<HashMap<Slot, Option<i64>>>,
    released: Condvar,
    /// Polled, but not yet handed on. Handed on before a revocation, so that order is kept.
    polled: Mutex<Vec<Delivery>>,
    drain_timeout: Duration,
    closing: AtomicBool,
}

impl Membership {
    pub(super) fn new(events: Events, drain_timeout: Duration) -> Self {
        Self {
            events,
            owned: Mutex::default(),
            released: Condvar::new(),
            polled: Mutex::default(),
            drain_timeout,
            closing: AtomicBool::new(false),
        }
    }

    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        // Taken so that a waiter cannot miss the bell between its look and its wait.
        drop(self.owned());
        self.released.notify_all();
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// Notes that everything up to `done` has taken effect; false when the partition is not ours any more.
    pub(super) fn note_done(&self, done: &Position) -> bool {
        let mut owned = self.owned();
        let Some(next) = owned.get_mut(&(done.topic.clone(), done.partition)) else {
            return false;
        };
        *next = (*next).max(Some(done.offset + 1));
        true
    }

    /// The work on these partitions has ended.
    pub(super) fn release(&self, consumer: &BaseConsumer<Self>, slots: &[Slot]) {
        let offsets = self.take(slots);
        commit(consumer, &offsets);
        self.released.notify_all();
    }

    /// Commits what is done of all partitions, at the very end.
    pub(super) fn commit_all(&self, consumer: &BaseConsumer<Self>) {
        let slots: Vec<Slot> = self.owned().keys().cloned().collect();
        let offsets = self.take(&slots);
        commit(consumer, &offsets);
    }

    /// Keeps a polled message until the next hand-over; says how many are kept.
    pub(super) fn keep(&self, delivery: Delivery) -> usize {
        let mut polled = self.polled.lock().unwrap_or_else(PoisonError::into_inner);
        polled.push(delivery);
        polled.len()
    }

    /// Hands over what was polled. Blocks while the member is busy taking in earlier messages.
    pub(super) fn hand_over(&self) {
        let polled = std::mem::take(&mut *self.polled.lock().unwrap_or_else(PoisonError::into_inner));
        if !polled.is_empty() {
            self.tell(Ok(SourceEvent::Deliveries(polled)));
        }
    }

    /// Tells the member something; it may be gone by now.
    pub(super) fn tell(&self, event: Result<SourceEvent, BusError>) {
        if self.events.blocking_send(event).is_err() {
            self.closing.store(true, Ordering::SeqCst);
        }
    }

    fn owned(&self) -> MutexGuard<'_, HashMap<Slot, Option<i64>>> {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These partitions are ours no more; gives the offsets to commit.
    fn take(&self, slots: &[Slot]) -> Vec<(Slot, i64)> {
        let mut owned = self.owned();
        slots.iter().filter_map(|slot| Some((slot.clone(), owned.remove(slot)??))).collect()
    }

    /// Waits, within bounds, until the member has released `slots`.
    fn drain(&self, slots: &[Slot]) {
        self.hand_over();
        self.tell(Ok(SourceEvent::Revoked(slots.to_vec())));
        let busy = |owned: &mut HashMap<Slot, Option<i64>>| {
            !self.is_closing() && slots.iter().any(|slot| owned.contains_key(slot))
        };
        let waited = self.released.wait_timeout_while(self.owned(), self.drain_timeout, busy);
        if waited.unwrap_or_else(PoisonError::into_inner).1.timed_out() {
            tracing::warn!(
                ?slots,
                "partitions are let go with work under way: their messages will come again"
            );
        }
    }
}

impl ClientContext for Membership {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "kafka consumer");
    }
}

impl ConsumerContext for Membership {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(partitions) = rebalance else {
            return;
        };
        let slots = slots(partitions);
        if slots.is_empty() || self.is_closing() {
            return;
        }
        self.drain(&slots);
        // Whatever was not released in time is committed as far as it is done, and then not ours any more.
        let offsets = self.take(&slots);
        if !consumer.assignment_lost() {
            commit(consumer, &offsets);
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Assign(partitions) = rebalance else {
            return;
        };
        let slots = slots(partitions);
        if slots.is_empty() {
            return;
        }
        // A pause of an earlier ownership must not outlive it.
        if let Err(error) = consumer.resume(partitions) {
            tracing::debug!(%error, "cannot resume new partitions");
        }
        self.owned().extend(slots.iter().map(|slot| (slot.clone(), None)));
        self.tell(Ok(SourceEvent::Assigned(slots)));
    }

    fn commit_callback(&self, result: rdkafka::error::KafkaResult<()>, _offsets: &TopicPartitionList) {
        if let Err(error) = result {
            tracing::debug!(%error, "offsets were not committed; they are committed with later ones");
        }
    }
}

fn slots(partitions: &TopicPartitionList) -> Vec<Slot> {
    partitions.elements().iter().map(|element| (element.topic().to_owned(), element.partition())).collect()
}

fn commit(consumer: &BaseConsumer<Membership>, offsets: &[(Slot, i64)]) {
    let mut list = TopicPartitionList::new();
    for ((topic, partition), next) in offsets {
        if let Err(error) = list.add_partition_offset(topic, *partition, Offset::Offset(*next)) {
            tracing::warn!(%error, topic, partition, next, "not an offset");
        }
    }
    if list.count() > 0
        && let Err(error) = consumer.commit(&list, CommitMode::Sync)
    {
        tracing::warn!(%error, "the last offsets were not committed: some messages will come again");
    }
}

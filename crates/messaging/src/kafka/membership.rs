//! What happens between the thread that polls Kafka and the member that hands messages on: deliveries in order
//! with assignments and revocations, and the wait for work under way before a partition is let go.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use tokio::sync::mpsc;

use super::client::log;
use crate::bus::{BusError, SourceEvent};
use crate::message::Delivery;

pub(super) type Slot = (String, i32);
pub(super) type Events = mpsc::Sender<Result<SourceEvent, BusError>>;

pub(super) struct Membership {
    events: Events,
    /// The partitions that are ours.
    owned: Mutex<HashSet<Slot>>,
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

    /// Whether a partition is ours, so that its offsets may be stored.
    pub(super) fn owns(&self, topic: &str, partition: i32) -> bool {
        self.owned().contains(&(topic.to_owned(), partition))
    }

    /// The work on these partitions has ended and their offsets are stored.
    pub(super) fn release(&self, slots: &[Slot]) {
        self.owned().retain(|slot| !slots.contains(slot));
        self.released.notify_all();
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

    fn owned(&self) -> MutexGuard<'_, HashSet<Slot>> {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits, within bounds, until the member has released `slots`.
    fn drain(&self, slots: &[Slot]) {
        self.hand_over();
        self.tell(Ok(SourceEvent::Revoked(slots.to_vec())));
        let busy =
            |owned: &mut HashSet<Slot>| !self.is_closing() && slots.iter().any(|slot| owned.contains(slot));
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
    fn pre_rebalance(&self, _consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(partitions) = rebalance else {
            return;
        };
        let slots = slots(partitions);
        if slots.is_empty() || self.is_closing() {
            return;
        }
        self.drain(&slots);
        // Whatever was not released in time is not ours any more. The client commits what was stored when it
        // takes the partitions away right after this, unless they are lost already.
        self.release(&slots);
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
        self.owned().extend(slots.iter().cloned());
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

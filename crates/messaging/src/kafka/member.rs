//! One member of a consumer group: a thread that does nothing but poll, and the end of it that the subscription
//! holds.
//!
//! Offsets are stored by hand after the effect. The client commits what is stored a moment later, and before it
//! lets partitions go or leaves the group. Polling goes on whatever the handlers do, so a slow handler never costs
//! the membership; only a rebalance waits for them, within bounds.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::{mpsc, oneshot};

use super::client::{bus_error, consumer_config, to_delivery};
use super::membership::{Membership, Slot};
use super::settings::KafkaSettings;
use crate::bus::{BusError, Source, SourceEvent};
use crate::message::Position;

/// Messages handed over at once.
const BATCH: usize = 256;
/// Hand-overs that may wait for the subscription, which takes them in without ever waiting for a handler.
const WAITING: usize = 8;
/// How long one poll waits; only closing has to wait for it.
const POLL: Duration = Duration::from_millis(50);
/// How long leaving the group may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

type Client = BaseConsumer<Membership>;

pub(super) struct GroupMember {
    /// None once closing: the polling thread must be the last to hold it, because dropping it blocks.
    consumer: Option<Arc<Client>>,
    events: mpsc::Receiver<Result<SourceEvent, BusError>>,
    closed: Option<oneshot::Receiver<()>>,
}

impl GroupMember {
    pub(super) fn join(settings: &KafkaSettings, group: &str, topics: &[&str]) -> Result<Self, BusError> {
        let (told, events) = mpsc::channel(WAITING);
        let membership = Membership::new(told, settings.drain_timeout);
        let consumer: Client = consumer_config(settings, group)
            .set("enable.auto.commit", "true")
            .set("auto.commit.interval.ms", "200")
            .set("enable.auto.offset.store", "false")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", "10000")
            .set("heartbeat.interval.ms", "500")
            .set("max.poll.interval.ms", "300000")
            .create_with_context(membership)
            .map_err(bus_error)?;
        consumer.subscribe(topics).map_err(bus_error)?;
        let consumer = Arc::new(consumer);
        let (ended, closed) = oneshot::channel();
        let polled = Arc::clone(&consumer);
        thread::Builder::new()
            .name(format!("poll {group}"))
            .spawn(move || {
                poll(polled);
                // Whoever waits may have given up.
                let _ = ended.send(());
            })
            .map_err(|error| BusError::Unavailable(error.to_string()))?;
        Ok(Self { consumer: Some(consumer), events, closed: Some(closed) })
    }

    fn consumer(&self) -> Result<&Arc<Client>, BusError> {
        self.consumer.as_ref().ok_or_else(|| BusError::Unavailable("left the group".to_owned()))
    }

    /// Lets the polling thread end: dropping the client there commits what is stored and leaves the group.
    fn begin_close(&mut self) {
        let Some(consumer) = self.consumer.take() else {
            return;
        };
        self.events.close();
        let membership = Arc::clone(consumer.context());
        drop(consumer);
        membership.close();
    }
}

#[async_trait]
impl Source for GroupMember {
    async fn next(&mut self) -> Result<SourceEvent, BusError> {
        let ended = || Err(BusError::Unavailable("the polling thread has ended".to_owned()));
        self.events.recv().await.unwrap_or_else(ended)
    }

    fn set_paused(&mut self, topic: &str, partition: i32, paused: bool) -> Result<(), BusError> {
        let mut list = TopicPartitionList::new();
        list.add_partition(topic, partition);
        let consumer = self.consumer()?;
        let outcome = if paused { consumer.pause(&list) } else { consumer.resume(&list) };
        outcome.map_err(bus_error)
    }

    async fn store_offsets(&mut self, done: &[Position]) -> Result<(), BusError> {
        let consumer = self.consumer()?;
        // The client's call for a list takes the next offset to read; its call for one offset adds one itself.
        let mut next = TopicPartitionList::new();
        let ours = |position: &&Position| consumer.context().owns(&position.topic, position.partition);
        for position in done.iter().filter(ours) {
            let offset = Offset::Offset(position.offset + 1);
            next.add_partition_offset(&position.topic, position.partition, offset).map_err(bus_error)?;
        }
        // The client refuses a partition that has just been taken away: then it is not ours to store.
        if let Err(error) = consumer.store_offsets(&next) {
            tracing::debug!(%error, ?next, "some offsets were not stored");
        }
        Ok(())
    }

    async fn release(&mut self, partitions: &[Slot]) {
        if let Ok(consumer) = self.consumer() {
            consumer.context().release(partitions);
        }
    }

    async fn close(mut self: Box<Self>) {
        let closed = self.closed.take();
        self.begin_close();
        if let Some(closed) = closed
            && tokio::time::timeout(CLOSE_TIMEOUT, closed).await.is_err()
        {
            tracing::warn!("leaving the consumer group takes long; it goes on in the background");
        }
    }
}

impl Drop for GroupMember {
    fn drop(&mut self) {
        self.begin_close();
    }
}

fn poll(consumer: Arc<Client>) {
    let membership = Arc::clone(consumer.context());
    while !membership.is_closing() {
        let mut wait = POLL;
        while let Some(polled) = consumer.poll(wait) {
            match polled {
                Ok(message) => {
                    if membership.keep(to_delivery(&message)) >= BATCH {
                        break;
                    }
                }
                Err(error) if is_fatal(&error) => {
                    membership.hand_over();
                    membership.tell(Err(bus_error(error)));
                    membership.close();
                    break;
                }
                Err(error) => tracing::warn!(%error, "kafka consumer"),
            }
            // What has arrived already goes along; nothing is waited for.
            wait = Duration::ZERO;
        }
        membership.hand_over();
    }
}

fn is_fatal(error: &KafkaError) -> bool {
    matches!(error, KafkaError::MessageConsumptionFatal(_))
}

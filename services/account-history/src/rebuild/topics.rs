//! Reads topics from their start into one generation of the views, and later goes on from there.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use domain::Aggregate;
use domain::account::Account;
use domain::transfer::MoneyTransfer;
use event_store::{RecordedEvent, StreamId};
use messaging::{Bus, Delivery, Outcome, StreamSource, to_event, topic_of};

use super::RebuildError;
use crate::projector::apply_filling;
use crate::store::{Generation, ViewStore};

/// Events that are folded at once.
const BATCH: usize = 500;

pub(super) struct TopicReader {
    views: Arc<dyn ViewStore>,
    bus: Arc<dyn Bus>,
    owner: Arc<dyn StreamSource>,
    generation: Generation,
    /// The next offset of each partition.
    next: HashMap<(String, i32), i64>,
    messages: usize,
    /// Keys that stand still at an event that cannot be read, and why.
    unreadable: BTreeMap<String, String>,
    /// The same, by what comes in an event.
    stopped: HashSet<StreamId>,
}

impl TopicReader {
    pub(super) fn new(
        views: Arc<dyn ViewStore>,
        bus: Arc<dyn Bus>,
        owner: Arc<dyn StreamSource>,
        generation: Generation,
    ) -> Self {
        Self {
            views,
            bus,
            owner,
            generation,
            next: HashMap::new(),
            messages: 0,
            unreadable: BTreeMap::new(),
            stopped: HashSet::new(),
        }
    }

    /// Folds every message that was not folded before.
    pub(super) async fn read_to_end(&mut self) -> Result<(), RebuildError> {
        for aggregate_type in [Account::TYPE, MoneyTransfer::TYPE] {
            let deliveries = self.bus.read_topic(&topic_of(aggregate_type)).await?;
            let new: Vec<Delivery> =
                deliveries.into_iter().filter(|delivery| self.is_new(delivery)).collect();
            for deliveries in new.chunks(BATCH) {
                let events = deliveries.iter().filter_map(|delivery| self.event(delivery)).collect();
                self.fold(events).await?;
            }
        }
        Ok(())
    }

    /// How many messages there were, and which streams stand still.
    pub(super) fn finish(self) -> (usize, BTreeMap<String, String>) {
        (self.messages, self.unreadable)
    }

    fn is_new(&mut self, delivery: &Delivery) -> bool {
        let position = &delivery.position;
        let next = self.next.entry((position.topic.clone(), position.partition)).or_default();
        let is_new = position.offset >= *next;
        if is_new {
            *next = position.offset.saturating_add(1);
            self.messages += 1;
        }
        is_new
    }

    /// The event in a message, unless an earlier one of its stream could not be read.
    fn event(&mut self, delivery: &Delivery) -> Option<RecordedEvent> {
        match to_event(&delivery.message) {
            Ok(event) => (!self.stopped.contains(&event.stream)).then_some(event),
            Err(error) => {
                let key = format!("{}/{}", delivery.message.topic, delivery.message.key);
                self.unreadable.entry(key).or_insert_with(|| error.to_string());
                None
            }
        }
    }

    async fn fold(&mut self, events: Vec<RecordedEvent>) -> Result<(), RebuildError> {
        let outcomes =
            apply_filling(self.views.as_ref(), self.owner.as_ref(), self.generation, &events).await?;
        for (event, outcome) in events.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Done => {}
                Outcome::DeadLetter(reason) | Outcome::Retry(reason) => {
                    self.unreadable.entry(event.stream.to_string()).or_insert(reason);
                    self.stopped.insert(event.stream);
                }
                Outcome::Gap { last_seen } if !self.stopped.contains(&event.stream) => {
                    let missing = format!("version {} of {}", last_seen.next(), event.stream);
                    return Err(RebuildError::Missing(missing));
                }
                Outcome::Gap { .. } => {}
            }
        }
        Ok(())
    }
}

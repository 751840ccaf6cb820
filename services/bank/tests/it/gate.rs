//! A bus between the services and the real one, where a test can hold, lose or repeat messages.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use messaging::bus::SourceEvent;
use messaging::{Bus, BusError, Delivery, Message, Position, Source};
use tokio::sync::watch;

/// The real bus behind a gate.
pub(crate) struct GatedBus {
    bus: Arc<dyn Bus>,
    rules: Arc<Rules>,
}

/// What happens to messages on their way to a consumer group.
#[derive(Default)]
pub(crate) struct Rules {
    held: Mutex<Vec<Held>>,
    lost: Mutex<Vec<(String, String)>>,
    twice: std::sync::atomic::AtomicBool,
}

struct Held {
    group: String,
    event_type: String,
    open: watch::Receiver<bool>,
}

/// Holds one type of message back from one group, until it is opened or dropped.
pub(crate) struct Gate(watch::Sender<bool>);

impl Gate {
    pub(crate) fn open(self) {
        self.0.send_replace(true);
    }
}

impl GatedBus {
    pub(crate) fn new(bus: Arc<dyn Bus>, rules: Arc<Rules>) -> Self {
        Self { bus, rules }
    }
}

impl Rules {
    pub(crate) fn hold(&self, group: &str, event_type: &str) -> Gate {
        let (gate, open) = watch::channel(false);
        let held = Held { group: group.to_owned(), event_type: event_type.to_owned(), open };
        self.held.lock().expect("no panic under the lock").push(held);
        Gate(gate)
    }

    pub(crate) fn lose_once(&self, group: &str, event_type: &str) {
        let lost = (group.to_owned(), event_type.to_owned());
        self.lost.lock().expect("no panic under the lock").push(lost);
    }

    pub(crate) fn deliver_everything_twice(&self) {
        self.twice.store(true, std::sync::atomic::Ordering::SeqCst);
    }

    /// Waits while any of these messages is held back from the group.
    async fn pass(&self, group: &str, deliveries: &[Delivery]) {
        let gates: Vec<watch::Receiver<bool>> = {
            let held = self.held.lock().expect("no panic under the lock");
            held.iter()
                .filter(|held| held.group == group && deliveries.iter().any(|one| is(one, &held.event_type)))
                .map(|held| held.open.clone())
                .collect()
        };
        for mut gate in gates {
            // An error means that the gate was dropped: nobody holds the message any more.
            let _ = gate.wait_for(|open| *open).await;
        }
    }

    fn is_lost(&self, group: &str, delivery: &Delivery) -> bool {
        let mut lost = self.lost.lock().expect("no panic under the lock");
        match lost.iter().position(|(of, event_type)| of == group && is(delivery, event_type)) {
            Some(index) => {
                lost.remove(index);
                true
            }
            None => false,
        }
    }
}

fn is(delivery: &Delivery, event_type: &str) -> bool {
    delivery.message.header("ce_type") == Some(event_type)
}

struct GatedSource {
    source: Box<dyn Source>,
    group: String,
    rules: Arc<Rules>,
    /// Polled, but still before the gate: kept here so that `next` may be cancelled while it waits.
    waiting: Option<Vec<Delivery>>,
}

#[async_trait]
impl Source for GatedSource {
    async fn next(&mut self) -> Result<SourceEvent, BusError> {
        if self.waiting.is_none() {
            match self.source.next().await? {
                SourceEvent::Deliveries(deliveries) => self.waiting = Some(deliveries),
                event => return Ok(event),
            }
        }
        let waiting = self.waiting.as_deref().unwrap_or_default();
        self.rules.pass(&self.group, waiting).await;
        let mut passed = Vec::new();
        for delivery in self.waiting.take().unwrap_or_default() {
            if self.rules.is_lost(&self.group, &delivery) {
                continue;
            }
            if self.rules.twice.load(std::sync::atomic::Ordering::SeqCst) {
                passed.push(delivery.clone());
            }
            passed.push(delivery);
        }
        Ok(SourceEvent::Deliveries(passed))
    }

    fn set_paused(&mut self, topic: &str, partition: i32, paused: bool) -> Result<(), BusError> {
        self.source.set_paused(topic, partition, paused)
    }

    async fn store_offsets(&mut self, done: &[Position]) -> Result<(), BusError> {
        self.source.store_offsets(done).await
    }

    async fn release(&mut self, partitions: &[(String, i32)]) {
        self.source.release(partitions).await;
    }

    async fn close(self: Box<Self>) {
        self.source.close().await;
    }
}

#[async_trait]
impl Bus for GatedBus {
    async fn ensure_topics(&self, topics: &[&str]) -> Result<(), BusError> {
        self.bus.ensure_topics(topics).await
    }

    async fn publish(&self, messages: Vec<Message>) -> Result<(), BusError> {
        self.bus.publish(messages).await
    }

    async fn consume(&self, group: &str, topics: &[&str]) -> Result<Box<dyn Source>, BusError> {
        let source = self.bus.consume(group, topics).await?;
        Ok(Box::new(GatedSource {
            source,
            group: group.to_owned(),
            rules: Arc::clone(&self.rules),
            waiting: None,
        }))
    }

    async fn read_topic(&self, topic: &str) -> Result<Vec<Delivery>, BusError> {
        self.bus.read_topic(topic).await
    }

    async fn lag(&self, group: &str, topics: &[&str]) -> Result<u64, BusError> {
        self.bus.lag(group, topics).await
    }

    async fn rewind(&self, group: &str, topics: &[&str]) -> Result<(), BusError> {
        self.bus.rewind(group, topics).await
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.bus.ping().await
    }

    async fn close(&self) {
        self.bus.close().await;
    }
}

//! Several banks on one cluster: a bus that puts a prefix before every topic and consumer group.
//!
//! Invariant: whoever uses it never sees the prefix.

use std::sync::Arc;

use async_trait::async_trait;

use crate::bus::{Bus, BusError, Source, SourceEvent};
use crate::message::{Delivery, Message, Position};

/// A bus whose topics and groups all begin with the same prefix.
pub struct Namespaced {
    bus: Arc<dyn Bus>,
    prefix: Arc<str>,
}

impl Namespaced {
    /// The part of `bus` that begins with `prefix`, for example `staging.`.
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>, prefix: &str) -> Self {
        Self { bus, prefix: prefix.into() }
    }

    fn full(&self, names: &[&str]) -> Vec<String> {
        names.iter().map(|name| format!("{}{name}", self.prefix)).collect()
    }
}

fn borrowed(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

#[async_trait]
impl Bus for Namespaced {
    fn system(&self) -> &'static str {
        self.bus.system()
    }

    async fn ensure_topics(&self, topics: &[&str]) -> Result<(), BusError> {
        self.bus.ensure_topics(&borrowed(&self.full(topics))).await
    }

    async fn publish(&self, mut messages: Vec<Message>) -> Result<(), BusError> {
        for message in &mut messages {
            message.topic.insert_str(0, &self.prefix);
        }
        self.bus.publish(messages).await
    }

    async fn consume(&self, group: &str, topics: &[&str]) -> Result<Box<dyn Source>, BusError> {
        let group = format!("{}{group}", self.prefix);
        let source = self.bus.consume(&group, &borrowed(&self.full(topics))).await?;
        Ok(Box::new(NamespacedSource { source, prefix: Arc::clone(&self.prefix) }))
    }

    async fn read_topic(&self, topic: &str) -> Result<Vec<Delivery>, BusError> {
        let mut deliveries = self.bus.read_topic(&format!("{}{topic}", self.prefix)).await?;
        deliveries.iter_mut().for_each(|delivery| strip(&self.prefix, delivery));
        Ok(deliveries)
    }

    async fn lag(&self, group: &str, topics: &[&str]) -> Result<u64, BusError> {
        self.bus.lag(&format!("{}{group}", self.prefix), &borrowed(&self.full(topics))).await
    }

    async fn rewind(&self, group: &str, topics: &[&str]) -> Result<(), BusError> {
        self.bus.rewind(&format!("{}{group}", self.prefix), &borrowed(&self.full(topics))).await
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.bus.ping().await
    }

    async fn close(&self) {
        self.bus.close().await;
    }
}

struct NamespacedSource {
    source: Box<dyn Source>,
    prefix: Arc<str>,
}

impl NamespacedSource {
    fn short(&self, partitions: Vec<(String, i32)>) -> Vec<(String, i32)> {
        let short = |topic: String| topic.strip_prefix(&*self.prefix).map(str::to_owned).unwrap_or(topic);
        partitions.into_iter().map(|(topic, number)| (short(topic), number)).collect()
    }
}

fn strip(prefix: &str, delivery: &mut Delivery) {
    for topic in [&mut delivery.position.topic, &mut delivery.message.topic] {
        if let Some(short) = topic.strip_prefix(prefix) {
            *topic = short.to_owned();
        }
    }
}

#[async_trait]
impl Source for NamespacedSource {
    async fn next(&mut self) -> Result<SourceEvent, BusError> {
        Ok(match self.source.next().await? {
            SourceEvent::Assigned(partitions) => SourceEvent::Assigned(self.short(partitions)),
            SourceEvent::Deliveries(mut deliveries) => {
                deliveries.iter_mut().for_each(|delivery| strip(&self.prefix, delivery));
                SourceEvent::Deliveries(deliveries)
            }
            SourceEvent::Revoked(partitions) => SourceEvent::Revoked(self.short(partitions)),
        })
    }

    fn set_paused(&mut self, topic: &str, partition: i32, paused: bool) -> Result<(), BusError> {
        self.source.set_paused(&format!("{}{topic}", self.prefix), partition, paused)
    }

    async fn store_offsets(&mut self, done: &[Position]) -> Result<(), BusError> {
        let full: Vec<Position> = done
            .iter()
            .map(|position| Position {
                topic: format!("{}{}", self.prefix, position.topic),
                ..position.clone()
            })
            .collect();
        self.source.store_offsets(&full).await
    }

    async fn release(&mut self, partitions: &[(String, i32)]) {
        let full: Vec<(String, i32)> =
            partitions.iter().map(|(topic, number)| (format!("{}{topic}", self.prefix), *number)).collect();
        self.source.release(&full).await;
    }

    async fn close(self: Box<Self>) {
        self.source.close().await;
    }
}

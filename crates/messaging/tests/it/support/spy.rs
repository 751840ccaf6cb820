//! A bus around another one that can be told to fail, and counts what passes.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use messaging::{Bus, BusError, Delivery, Message, Position, Source, SourceEvent};

#[derive(Default)]
pub(crate) struct Controls {
    /// The next so many publications fail without doing anything.
    pub(crate) failing_publishes: AtomicUsize,
    /// The next so many publishes fail after half of their messages.
    pub(crate) torn_publishes: AtomicUsize,
    /// The next so many joins of a group fail.
    pub(crate) failing_joins: AtomicUsize,
    /// Members that join while this is set never get anything.
    pub(crate) silent: AtomicBool,
    /// Messages that were delivered.
    pub(crate) delivered: AtomicUsize,
    pub(crate) joins: AtomicUsize,
    /// Partitions that are paused.
    pub(crate) paused: Mutex<HashSet<(String, i32)>>,
}

pub(crate) struct SpyBus {
    inner: Arc<dyn Bus>,
    pub(crate) controls: Arc<Controls>,
}

impl SpyBus {
    pub(crate) fn new(inner: Arc<dyn Bus>) -> Self {
        Self { inner, controls: Arc::default() }
    }
}

fn takes_one(counter: &AtomicUsize) -> bool {
    counter.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

fn down() -> BusError {
    BusError::Unavailable("the test says so".to_owned())
}

#[async_trait]
impl Bus for SpyBus {
    async fn ensure_topics(&self, topics: &[&str]) -> Result<(), BusError> {
        self.inner.ensure_topics(topics).await
    }

    async fn publish(&self, messages: Vec<Message>) -> Result<(), BusError> {
        if takes_one(&self.controls.failing_publishes) {
            return Err(down());
        }
        if takes_one(&self.controls.torn_publishes) {
            let half = messages.len() / 2;
            self.inner.publish(messages.into_iter().take(half).collect()).await?;
            return Err(down());
        }
        self.inner.publish(messages).await
    }

    async fn consume(&self, group: &str, topics: &[&str]) -> Result<Box<dyn Source>, BusError> {
        self.controls.joins.fetch_add(1, Ordering::SeqCst);
        if takes_one(&self.controls.failing_joins) {
            return Err(down());
        }
        let silent = self.controls.silent.load(Ordering::SeqCst);
        let inner = self.inner.consume(group, topics).await?;
        Ok(Box::new(SpySource { inner, silent, controls: Arc::clone(&self.controls) }))
    }

    async fn read_topic(&self, topic: &str) -> Result<Vec<Delivery>, BusError> {
        self.inner.read_topic(topic).await
    }

    async fn lag(&self, group: &str, topics: &[&str]) -> Result<u64, BusError> {
        self.inner.lag(group, topics).await
    }

    async fn rewind(&self, group: &str, topics: &[&str]) -> Result<(), BusError> {
        self.inner.rewind(group, topics).await
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.inner.ping().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

struct SpySource {
    inner: Box<dyn Source>,
    silent: bool,
    controls: Arc<Controls>,
}

#[async_trait]
impl Source for SpySource {
    async fn next(&mut self) -> Result<SourceEvent, BusError> {
        if self.silent {
            std::future::pending::<()>().await;
        }
        let event = self.inner.next().await?;
        if let SourceEvent::Deliveries(deliveries) = &event {
            self.controls.delivered.fetch_add(deliveries.len(), Ordering::SeqCst);
        }
        Ok(event)
    }

    fn set_paused(&mut self, topic: &str, partition: i32, paused: bool) -> Result<(), BusError> {
        let slot = (topic.to_owned(), partition);
        let mut all = self.controls.paused.lock().expect("not poisoned");
        if paused {
            all.insert(slot)
        } else {
            all.remove(&slot)
        };
        self.inner.set_paused(topic, partition, paused)
    }

    async fn store_offsets(&mut self, done: &[Position]) -> Result<(), BusError> {
        self.inner.store_offsets(done).await
    }

    async fn release(&mut self, partitions: &[(String, i32)]) {
        self.inner.release(partitions).await;
    }

    async fn close(self: Box<Self>) {
        self.inner.close().await;
    }
}

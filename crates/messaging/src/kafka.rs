//! Apache Kafka as the bus.
//!
//! Invariant: only a delivery report counts as published, and only what was handled is committed. Partitions that
//! were let go are never committed by their former owner.

mod client;
mod lookup;
mod member;
mod membership;
mod publisher;
mod settings;

use std::sync::Arc;

use async_trait::async_trait;

use self::lookup::Lookup;
use self::member::GroupMember;
use self::publisher::Publisher;
use crate::bus::{Bus, BusError, Source};
use crate::message::{Delivery, Message};
use crate::namespace::Namespaced;

pub use self::settings::KafkaSettings;

/// The bus at a URL such as `kafka://broker1:9092,broker2:9092?partitions=8&replication=3&prefix=staging.`.
/// Does not wait until a broker answers: [`Bus::ping`] does.
///
/// # Errors
/// [`BusError::Failed`] when the URL is none of this form.
pub async fn open(url: &str) -> Result<Arc<dyn Bus>, BusError> {
    let settings: KafkaSettings = url.parse()?;
    let prefix = settings.prefix.clone();
    let bus: Arc<dyn Bus> = Arc::new(KafkaBus::new(settings)?);
    Ok(if prefix.is_empty() { bus } else { Arc::new(Namespaced::new(bus, &prefix)) })
}

/// The bus on Kafka.
pub struct KafkaBus {
    settings: KafkaSettings,
    publisher: Publisher,
    lookup: Arc<Lookup>,
}

impl KafkaBus {
    /// A bus on the brokers of a URL such as `kafka://broker1:9092,broker2:9092?partitions=8&replication=3`.
    /// Does not wait until a broker answers: [`Bus::ping`] does.
    ///
    /// # Errors
    /// [`BusError::Failed`] when the URL is none of this form.
    pub async fn connect(url: &str) -> Result<Self, BusError> {
        Self::new(url.parse()?)
    }

    /// A bus with these settings.
    ///
    /// # Errors
    /// [`BusError::Failed`] when a client cannot be made of them.
    pub fn new(settings: KafkaSettings) -> Result<Self, BusError> {
        let publisher = Publisher::new(&settings)?;
        let lookup = Arc::new(Lookup::new(&settings)?);
        Ok(Self { settings, publisher, lookup })
    }

    /// Runs one of the client's blocking calls where blocking is allowed.
    async fn look_up<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Lookup) -> Result<T, BusError> + Send + 'static,
    ) -> Result<T, BusError> {
        let lookup = Arc::clone(&self.lookup);
        let call = tokio::task::spawn_blocking(move || call(&lookup));
        call.await.map_err(|error| BusError::Failed(error.to_string()))?
    }
}

#[async_trait]
impl Bus for KafkaBus {
    fn system(&self) -> &'static str {
        "kafka"
    }

    async fn ensure_topics(&self, topics: &[&str]) -> Result<(), BusError> {
        let topics = owned(topics);
        let wanted = topics.clone();
        let missing = self.look_up(move |lookup| lookup.missing_topics(&wanted)).await?;
        if missing.is_empty() {
            return Ok(());
        }
        self.lookup.create_topics(&missing, &self.settings).await?;
        self.look_up(move |lookup| lookup.wait_for_topics(&missing)).await
    }

    async fn publish(&self, messages: Vec<Message>) -> Result<(), BusError> {
        self.publisher.publish(messages).await
    }

    async fn consume(&self, group: &str, topics: &[&str]) -> Result<Box<dyn Source>, BusError> {
        Ok(Box::new(GroupMember::join(&self.settings, group, topics)?))
    }

    async fn read_topic(&self, topic: &str) -> Result<Vec<Delivery>, BusError> {
        let topic = topic.to_owned();
        self.look_up(move |lookup| lookup.read_topic(&topic)).await
    }

    async fn lag(&self, group: &str, topics: &[&str]) -> Result<u64, BusError> {
        let (group, topics) = (group.to_owned(), owned(topics));
        self.look_up(move |lookup| lookup.lag(&group, &topics)).await
    }

    async fn rewind(&self, group: &str, topics: &[&str]) -> Result<(), BusError> {
        let (group, topics) = (group.to_owned(), owned(topics));
        self.look_up(move |lookup| lookup.rewind(&group, &topics)).await
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.look_up(Lookup::ping).await
    }

    async fn close(&self) {
        self.publisher.close().await;
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

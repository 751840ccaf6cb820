//! The event store, the bus and the dead letters of a service, chosen by URL.

use std::sync::Arc;

use event_store::EventStore;
use messaging::{Bus, DeadLetters, OutboxRelay, Subscription, SubscriptionHandle};

use crate::health::Health;
use crate::tasks::Tasks;

/// What a service that owns events stands on.
#[derive(Clone)]
pub struct CommandSide {
    /// The service's own events.
    pub store: Arc<dyn EventStore>,
    /// Where they are published, and others' events are read.
    pub bus: Arc<dyn Bus>,
    /// Where messages that cannot be handled wait.
    pub dead_letters: Arc<dyn DeadLetters>,
}

impl CommandSide {
    /// Publishes the store's outbox until the service ends; `source` goes into every message.
    pub fn start_relay(&self, tasks: &Tasks, source: &str) {
        let relay = OutboxRelay::new(Arc::clone(&self.store), Arc::clone(&self.bus), source.to_owned());
        let shutdown = tasks.shutdown();
        tasks.spawn("outbox relay", async move { relay.run(shutdown).await });
    }

    /// Creates the topics that are missing and starts reading them until the service ends.
    ///
    /// # Errors
    /// When the bus refuses.
    pub async fn subscribe(&self, subscription: Subscription, tasks: &Tasks) -> anyhow::Result<SubscriptionHandle> {
        let topics: Vec<&str> = subscription.topics.iter().map(String::as_str).collect();
        self.bus.ensure_topics(&topics).await?;
        Ok(messaging::subscribe(Arc::clone(&self.bus), subscription, tasks.shutdown()).await)
    }

    /// Checks of the store and the bus for `/readyz`.
    #[must_use]
    pub fn health(&self) -> Health {
        let (store, bus) = (Arc::clone(&self.store), Arc::clone(&self.bus));
        Health::new()
            .check("event-store", move || {
                let store = Arc::clone(&store);
                async move { store.ping().await.map_err(|error| error.to_string()) }
            })
            .check("bus", move || {
                let bus = Arc::clone(&bus);
                async move { bus.ping().await.map_err(|error| error.to_string()) }
            })
    }
}

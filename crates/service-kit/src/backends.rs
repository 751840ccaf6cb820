//! The event store, the bus and the dead letters of a service, chosen by URL: the shape is configuration.
//!
//! What opens a backend gives a boxed future: the body of an `async fn`, here every driver's way to connect, is compiled
//! again in each crate that awaits it.

mod bus;
mod dead_letters;

use std::sync::Arc;

use event_store::EventStore;
use futures::future::BoxFuture;
use messaging::{Bus, DeadLetters, OutboxRelay, Subscription, SubscriptionStatus};
use tokio::sync::watch;

use crate::health::Health;
use crate::settings::SecretUrl;
use crate::tasks::Tasks;

pub use crate::settings::open_audit;
pub use bus::open_bus;
pub use dead_letters::open_dead_letters;

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
    /// Opens what the settings `store` and `bus` name; dead letters lie beside the store.
    ///
    /// # Errors
    /// When a URL is wrong or what it names cannot be opened; the message names the setting.
    pub async fn open(store: &SecretUrl, bus: &SecretUrl) -> anyhow::Result<Self> {
        Ok(Self {
            store: open_store("store", store).await?,
            bus: open_bus("bus", bus).await?,
            dead_letters: open_dead_letters(store).await?,
        })
    }

    /// Opens what the settings `store` and `bus` name, which makes the tables, creates the topics that are missing, and
    /// lets go of both.
    ///
    /// # Errors
    /// As for [`CommandSide::open`], and when the bus refuses the topics.
    pub async fn migrate(store: &SecretUrl, bus: &SecretUrl, topics: &[String]) -> anyhow::Result<()> {
        let side = Self::open(store, bus).await?;
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        side.bus.ensure_topics(&topics).await?;
        side.close().await;
        Ok(())
    }

    /// Publishes the store's outbox until the service ends; `source` goes into every message.
    pub fn start_relay(&self, tasks: &Tasks, source: &str) {
        let relay = OutboxRelay::new(Arc::clone(&self.store), Arc::clone(&self.bus), source.to_owned());
        tasks.spawn("outbox relay", relay.run(tasks.shutdown()));
    }

    /// Creates the topics that are missing and reads them until the service ends.
    ///
    /// # Errors
    /// When the bus refuses the topics.
    pub async fn subscribe(&self, subscription: Subscription, tasks: &Tasks) -> anyhow::Result<Watched> {
        subscribe(&self.bus, subscription, tasks).await
    }

    /// Checks of the store, the bus and the subscription for `/readyz`.
    #[must_use]
    pub fn health(&self, subscription: &Watched) -> Health {
        let store = Arc::clone(&self.store);
        let store_answers = move || {
            let store = Arc::clone(&store);
            async move { store.ping().await }
        };
        bus_health(&self.bus, subscription).check("event-store", store_answers)
    }

    /// Lets go of the store and the bus.
    pub async fn close(&self) {
        self.bus.close().await;
        self.store.close().await;
    }
}

/// Opens the event store that the setting `name` names.
///
/// # Errors
/// When the URL is wrong or the database cannot be opened; the message names the setting.
pub fn open_store<'a>(
    name: &'a str,
    url: &'a SecretUrl,
) -> BoxFuture<'a, anyhow::Result<Arc<dyn EventStore>>> {
    Box::pin(async move {
        let opened = event_store::open(url.expose()).await;
        opened.map_err(|error| anyhow::anyhow!("setting `{name}` ({url}): {error}"))
    })
}

/// How a running subscription is doing.
pub type Watched = watch::Receiver<SubscriptionStatus>;

/// Creates the topics that are missing and reads them until `tasks` end.
///
/// # Errors
/// When the bus refuses the topics.
pub fn subscribe<'a>(
    bus: &'a Arc<dyn Bus>,
    subscription: Subscription,
    tasks: &'a Tasks,
) -> BoxFuture<'a, anyhow::Result<Watched>> {
    Box::pin(async move {
        let topics: Vec<&str> = subscription.topics.iter().map(String::as_str).collect();
        bus.ensure_topics(&topics).await?;
        let handle = messaging::subscribe(Arc::clone(bus), subscription, tasks.shutdown()).await;
        let watched = handle.watch();
        // The tasks wait for it at the end, so that offsets are stored before the bus is let go.
        tasks.spawn("subscription", handle.join());
        Ok(watched)
    })
}

/// Checks of the bus and of a subscription's membership for `/readyz`.
#[must_use]
pub fn bus_health(bus: &Arc<dyn Bus>, subscription: &Watched) -> Health {
    let (bus, subscription) = (Arc::clone(bus), subscription.clone());
    Health::new()
        .check("bus", move || {
            let bus = Arc::clone(&bus);
            async move { bus.ping().await }
        })
        .check("subscription", move || {
            let connected = subscription.borrow().connected;
            std::future::ready(if connected { Ok(()) } else { Err("not a member of its consumer group yet") })
        })
}

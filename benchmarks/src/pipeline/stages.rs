//! The relay and the projector as the services run them, with a gauge at the end of each.

use std::sync::Arc;

use account_history::owners::LocalOwners;
use account_history::projector::Projector;
use account_history::store::{self, ViewStore};
use anyhow::{Context, ensure};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::Aggregate;
use domain::account::Account;
use event_store::RecordedEvent;
use messaging::{
    BatchHandler, Bus, BusError, Delivery, Message, OutboxRelay, Outcome, Source, Subscription,
    SubscriptionHandle,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::gauge::Gauge;
use super::site::{Site, topics};

/// When an event was recorded, as the published language has it.
const TIME: &str = "ce_time";
/// The name of the service in its messages.
const SOURCE: &str = "accounts";
/// Accounts that are read at once for counting.
const PAGE: usize = 1000;

/// A relay at work.
pub(super) struct Relaying {
    pub(super) gauge: Arc<Gauge>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Relaying {
    pub(super) fn start(site: &Site) -> Self {
        let gauge = Arc::new(Gauge::new());
        let bus = Arc::new(GaugedBus { bus: Arc::clone(&site.bus), gauge: Arc::clone(&gauge) });
        let stop = CancellationToken::new();
        let relay = OutboxRelay::new(Arc::clone(&site.store), bus, SOURCE.to_owned());
        Self { gauge, task: tokio::spawn(relay.run(stop.clone())), stop }
    }

    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        Ok(self.task.await?)
    }
}

/// A projector at work.
pub(super) struct Projecting {
    pub(super) gauge: Arc<Gauge>,
    views: Arc<dyn ViewStore>,
    subscription: SubscriptionHandle,
    stop: CancellationToken,
}

impl Projecting {
    /// Folds everything on the site's bus into the empty views at `url`, for a consumer group called `group`.
    pub(super) async fn start(site: &Site, url: &str, group: &str) -> anyhow::Result<Self> {
        let gauge = Arc::new(Gauge::new());
        let store::OpenedViews { views, dead_letters } = store::open(url).await?;
        let owner = Arc::new(LocalOwners::new().with(Account::TYPE, Arc::clone(&site.store)));
        let projector = Projector::new(Arc::clone(&views), owner.clone());
        let stop = CancellationToken::new();
        let subscription = Subscription {
            id: group.to_owned(),
            topics: topics(),
            handler: Arc::new(GaugedProjector { projector, gauge: Arc::clone(&gauge) }),
            dead_letters,
            owner: Some(owner),
        };
        let subscription = messaging::subscribe(Arc::clone(&site.bus), subscription, stop.clone()).await;
        Ok(Self { gauge, views, subscription, stop })
    }

    /// The views of this site in a file.
    pub(super) async fn start_in_file(site: &Site) -> anyhow::Result<Self> {
        let url = format!("sqlite://{}", site.dir.join("views.sqlite").display());
        Self::start(site, &url, "projector").await
    }

    /// Waits until it is a member of its group and has partitions to read.
    pub(super) async fn joined(&self) -> anyhow::Result<()> {
        let mut status = self.subscription.watch();
        let joined = status.wait_for(|status| status.connected && status.partitions > 0).await;
        joined.map(drop).context("the subscription has ended")
    }

    /// # Errors
    /// When the views are not made of exactly so many events.
    pub(super) async fn require(&self, events: u64) -> anyhow::Result<()> {
        let generation = self.views.generations().await?.active;
        let (mut after, mut folded) = (None, 0);
        loop {
            let page = self.views.list_accounts(generation, None, after, PAGE).await?;
            folded += page.iter().map(|account| account.version.0).sum::<i64>();
            match page.last() {
                Some(last) => after = Some(last.id),
                None => break,
            }
        }
        ensure!(
            u64::try_from(folded)? == events,
            "of {events} events {folded} are in the views, so the figures mean nothing"
        );
        Ok(())
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.subscription.join().await;
        self.views.close().await;
    }
}

struct GaugedProjector {
    projector: Projector,
    gauge: Arc<Gauge>,
}

#[async_trait]
impl BatchHandler for GaugedProjector {
    async fn handle_batch(&self, events: &[RecordedEvent]) -> Vec<Outcome> {
        self.gauge.begin();
        let outcomes = self.projector.handle_batch(events).await;
        let done = events.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == Outcome::Done);
        self.gauge.pass(done.map(|(event, _)| event.recorded_at));
        outcomes
    }
}

struct GaugedBus {
    bus: Arc<dyn Bus>,
    gauge: Arc<Gauge>,
}

#[async_trait]
impl Bus for GaugedBus {
    async fn ensure_topics(&self, topics: &[&str]) -> Result<(), BusError> {
        self.bus.ensure_topics(topics).await
    }

    async fn publish(&self, messages: Vec<Message>) -> Result<(), BusError> {
        self.gauge.begin();
        let recorded = messages.iter().map(recorded_at).collect::<Result<Vec<_>, _>>()?;
        self.bus.publish(messages).await?;
        self.gauge.pass(recorded);
        Ok(())
    }

    async fn consume(&self, group: &str, topics: &[&str]) -> Result<Box<dyn Source>, BusError> {
        self.bus.consume(group, topics).await
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

fn recorded_at(message: &Message) -> Result<DateTime<Utc>, BusError> {
    let time = message.header(TIME).and_then(|time| DateTime::parse_from_rfc3339(time).ok());
    let time = time.ok_or_else(|| BusError::Failed(format!("a message without a time: {message:?}")))?;
    Ok(time.with_timezone(&Utc))
}

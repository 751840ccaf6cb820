//! What the owner of a subscription holds.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::context::{Context, Flow};
use super::{Subscription, SubscriptionSettings, supervisor};
use crate::bus::Bus;
use crate::dead_letter::{DeadLetterError, RedriveReport, redrive};
use crate::hops::Consuming;

/// How a subscription is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionStatus {
    /// Whether it is a member of its group.
    pub connected: bool,
    /// How many partitions it reads now.
    pub partitions: usize,
    /// Messages of the whole group without a stored offset, when last measured.
    pub lag: Option<u64>,
    /// Letters of the whole group, when last counted.
    pub parked: u64,
    /// When a message was last handled or parked.
    pub last_progress: Option<DateTime<Utc>>,
}

/// A running subscription. Dropping the handle does not stop it; its shutdown token does.
pub struct SubscriptionHandle {
    context: Arc<Context>,
    status: watch::Receiver<SubscriptionStatus>,
    task: JoinHandle<()>,
}

pub(super) fn start(
    bus: Arc<dyn Bus>,
    subscription: Subscription,
    settings: SubscriptionSettings,
    shutdown: CancellationToken,
) -> SubscriptionHandle {
    let (status, watched) = watch::channel(SubscriptionStatus::default());
    let (look, flow) = (Notify::new(), Flow::default());
    let consuming = Consuming::new(bus.system(), &subscription.id);
    let context = Arc::new(Context { bus, subscription, consuming, settings, status, look, flow });
    let task = tokio::spawn(supervisor::run(Arc::clone(&context), shutdown));
    SubscriptionHandle { context, status: watched, task }
}

impl SubscriptionHandle {
    /// Waits until the subscription has ended after its shutdown token was cancelled.
    pub async fn join(self) {
        if let Err(error) = self.task.await {
            tracing::error!(subscription = self.context.id(), %error, "the subscription ended in a panic");
        }
    }

    /// How it is doing now.
    #[must_use]
    pub fn status(&self) -> SubscriptionStatus {
        self.status.borrow().clone()
    }

    /// Follows how it is doing.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<SubscriptionStatus> {
        self.status.clone()
    }

    /// Waits until the offsets of everything that was published are stored: all of it was handled or parked.
    pub async fn caught_up(&self) {
        /// Between two looks at the lag; nothing waits for this but a caller who wants to know.
        const LOOK: Duration = Duration::from_millis(10);
        loop {
            let lag = self.context.bus.lag(self.context.id(), &self.context.topics()).await;
            if self.status.borrow().connected && lag.is_ok_and(|lag| lag == 0) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// [`redrive`] of this subscription, begun at once.
    ///
    /// # Errors
    /// When the store of dead letters fails.
    pub async fn redrive(
        &self,
        key: Option<&str>,
        patience: Duration,
    ) -> Result<RedriveReport, DeadLetterError> {
        let dead_letters = Arc::clone(&self.context.subscription.dead_letters);
        let waiting = redrive(dead_letters.as_ref(), self.context.id(), key, patience);
        tokio::pin!(waiting);
        loop {
            tokio::select! {
                report = &mut waiting => return report,
                () = tokio::time::sleep(Duration::from_millis(20)) => self.context.look.notify_one(),
            }
        }
    }
}

//! Sends what is due, in turns: a webhook at a time is in hand, with a few of its deliveries, and then others come first.
//!
//! Invariants: a delivery is recorded after its attempt and never before, so that a crash in between sends it again, under
//! the same `webhook-id`: at least once. So many webhooks are in hand at once and no more; one that does not answer holds
//! its own deliveries up, and after a failed attempt is left alone for a pause. No order is promised.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use event_store::Clock;
use futures::future::join_all;
use http::StatusCode;
use messaging::fault;
use metrics::counter;
use sealing::SealingKey;
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::config::DeliverySettings;
use crate::schedule::Schedule;
use crate::secrets::open_secret;
use crate::sender::{Attempt, Outgoing, Sender, Trouble};
use crate::signature::{SigningSecret, signatures};
use crate::store::{DeliveryState, Disabled, Due, Recorded, Standing, StoreError, Turn, WebhookStore};

/// After a receiver has answered, before that is recorded.
pub const AFTER_POST: &str = "webhooks.after_post";

/// A lease is longer than an attempt by the time that it takes to write down what came of it.
const MARGIN: Duration = Duration::from_secs(5);

/// The longest that an endpoint is left alone for failed attempts at other deliveries.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Sends. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Dispatcher {
    pub(crate) store: WebhookStore,
    pub(crate) sender: Sender,
    pub(crate) sealing: SealingKey,
    pub(crate) settings: Arc<DeliverySettings>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Tells when something is due.
    pub(crate) due: Arc<Notify>,
}

impl Dispatcher {
    /// Sends until `shutdown`, and then finishes what it has in hand.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut turns = JoinSet::new();
        while !shutdown.is_cancelled() {
            if turns.len() < self.settings.at_once.get() && self.begin_turn(&mut turns).await {
                continue;
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.due.notified() => {}
                Some(ended) = turns.join_next() => report(ended),
                () = tokio::time::sleep(self.settings.poll_interval.get()) => {}
            }
        }
        while let Some(ended) = turns.join_next().await {
            report(ended);
        }
    }

    /// Says whether there was something to do.
    async fn begin_turn(&self, turns: &mut JoinSet<()>) -> bool {
        let lasts = self.settings.timeout.get() + MARGIN;
        let most = self.settings.at_once_per_webhook.get();
        match self.store.take_turn(self.clock.now(), lasts, most).await {
            Ok(Some(turn)) => {
                turns.spawn(self.clone().serve(turn));
                true
            }
            Ok(None) => false,
            Err(error) => {
                tracing::warn!(%error, "could not look for webhooks that are due");
                false
            }
        }
    }

    async fn serve(self, turn: Turn) {
        if let Err(error) = self.try_serve(&turn).await {
            // The lease ends by itself, and what was not recorded is due again.
            tracing::warn!(webhook = %turn.webhook, %error, "a webhook could not be served");
        }
    }

    async fn try_serve(&self, turn: &Turn) -> Result<(), StoreError> {
        let opened: Result<Vec<_>, _> =
            turn.secrets.iter().map(|sealed| open_secret(&self.sealing, turn.webhook, sealed)).collect();
        let secrets = opened?;
        let attempts = join_all(turn.due.iter().map(|due| self.deliver(turn, due, &secrets))).await;
        let attempts = attempts.into_iter().collect::<Result<Vec<_>, _>>()?;
        let now = self.clock.now();
        let standing = turn.standing.after(&attempts, now, self.settings.disable_after.get());
        if let (Some(disabled), None) = (standing.disabled, turn.standing.disabled) {
            tracing::warn!(webhook = %turn.webhook, endpoint = %turn.endpoint, reason = disabled.code(), "disabled a webhook");
        }
        let free_from = match standing.failures {
            0 => now,
            failures => now + schedule(&self.settings).pause(failures, fastrand::u32(..)).min(LONGEST_PAUSE),
        };
        self.store.end_turn(turn, standing, free_from).await
    }

    async fn deliver(
        &self,
        turn: &Turn,
        due: &Due,
        secrets: &[SigningSecret],
    ) -> Result<Attempt, StoreError> {
        let (id, timestamp) = (due.id.to_string(), self.clock.now().timestamp());
        let signature = signatures(secrets, &id, timestamp, &due.body);
        let outgoing = Outgoing { id: &id, timestamp, signature: &signature, body: &due.body };
        let attempt = self.sender.post(&turn.endpoint, &outgoing).await;
        fault::point(AFTER_POST);
        let now = self.clock.now();
        let recorded = recorded(attempt, due.attempts + 1, schedule(&self.settings), now, fastrand::u32(..));
        self.store.record(due.id, &recorded, now).await?;
        tell(turn.webhook, due, attempt, &recorded);
        Ok(attempt)
    }
}

fn schedule(settings: &DeliverySettings) -> Schedule {
    settings.schedule()
}

/// What attempt number `number` makes of a delivery.
fn recorded(attempt: Attempt, number: u32, schedule: Schedule, now: DateTime<Utc>, random: u32) -> Recorded {
    let (status, error) = match attempt {
        Attempt::Delivered(status) => (Some(status.as_u16()), ""),
        Attempt::Refused(status) => (Some(status.as_u16()), "status"),
        Attempt::Failed(trouble) => (None, trouble.code()),
    };
    let (state, next_try_at) = match (attempt, schedule.pause_after(number, random)) {
        (Attempt::Delivered(_), _) => (DeliveryState::Delivered, now),
        (_, Some(pause)) => (DeliveryState::Waiting, now + pause),
        (_, None) => (DeliveryState::Failed, now),
    };
    Recorded { state, next_try_at, status, error }
}

impl Standing {
    /// How it stands after these attempts, made together: one that was delivered shows that the endpoint is there.
    fn after(self, attempts: &[Attempt], now: DateTime<Utc>, disable_after: Duration) -> Self {
        let delivered = |attempt: &Attempt| matches!(attempt, Attempt::Delivered(_));
        if attempts.is_empty() {
            return self;
        }
        if attempts.contains(&Attempt::Refused(StatusCode::GONE)) {
            return Self { disabled: Some(Disabled::Gone), ..Self::default() };
        }
        if attempts.iter().any(delivered) {
            return Self::default();
        }
        let failing_since = self.failing_since.unwrap_or(now);
        let is_over = (now - failing_since).to_std().is_ok_and(|failing| failing >= disable_after);
        Self {
            failing_since: Some(failing_since),
            failures: self.failures.saturating_add(1),
            disabled: is_over.then_some(Disabled::Failing),
        }
    }
}

/// By the webhook's id and not its address, which may be a secret.
fn tell(webhook: Uuid, due: &Due, attempt: Attempt, recorded: &Recorded) {
    let outcome = match recorded.state {
        DeliveryState::Waiting => "retried",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Failed => "failed",
    };
    counter!("webhook_attempts_total", "outcome" => outcome).increment(1);
    let (delivery, event_type) = (due.id, &due.event_type);
    match attempt {
        Attempt::Delivered(_) => tracing::debug!(%webhook, %delivery, event_type, "delivered"),
        Attempt::Failed(Trouble::AddressRefused) => {
            tracing::warn!(%webhook, %delivery, "a webhook leads to an address where nothing is sent");
        }
        _ => tracing::info!(%webhook, %delivery, event_type, ?attempt, outcome, "not delivered"),
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "serving a webhook broke off");
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod together;

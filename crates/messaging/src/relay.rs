//! The outbox relay: publishes what was committed, in order, and forgets it only once the broker confirmed it.
//!
//! Invariant: an outbox row is deleted after every event of its commit was confirmed, never before. A crash in
//! between publishes again, and a second relay beside this one does too; both give duplicates and nothing else.

mod backlog;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use event_store::{CommitId, CommitNotices, EventStore, PendingCommit, RecordedEvent, StoreError};
use futures::join;
use metrics::{Histogram, counter, histogram};
use thiserror::Error;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::bus::{Bus, BusError};
use crate::envelope::to_message;
use crate::fault;
use crate::hops;
use crate::message::Message;

/// Events read from the outbox at once, a little more when a commit holds many.
const BATCH: u32 = 1000;
/// How often the outbox is looked at when no notice came: a notice may be lost, a row never is.
const FALLBACK: Duration = Duration::from_secs(1);

#[derive(Debug, Error)]
enum RelayError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// Moves the commits of one store to the bus.
pub struct OutboxRelay {
    store: Arc<dyn EventStore>,
    bus: Arc<dyn Bus>,
    source: String,
    /// From the commit to the broker's confirmation, in seconds.
    delay: Histogram,
    known_topics: HashSet<String>,
    /// Read while the last batch was in flight.
    next: Vec<PendingCommit>,
    /// Confirmed, and still in the outbox.
    confirmed: Vec<CommitId>,
}

impl OutboxRelay {
    /// A relay from `store` to `bus`; `source` names the service in every message (CloudEvents `source`).
    #[must_use]
    pub fn new(store: Arc<dyn EventStore>, bus: Arc<dyn Bus>, source: String) -> Self {
        let delay = histogram!("bank_relay_delay_seconds", "source" => source.clone());
        Self {
            store,
            bus,
            source,
            delay,
            known_topics: HashSet::new(),
            next: Vec::new(),
            confirmed: Vec::new(),
        }
    }

    /// Publishes until `shutdown`. Whatever fails is logged once and tried again from the outbox.
    pub async fn run(self, shutdown: CancellationToken) {
        let watching = backlog::watch(Arc::clone(&self.store), self.source.clone());
        tokio::select! {
            () = self.publish_until(shutdown) => {}
            () = watching => {}
        }
    }

    async fn publish_until(mut self, shutdown: CancellationToken) {
        let mut notices = self.store.notices();
        let mut failures = 0;
        while !shutdown.is_cancelled() {
            // Notices of before this look are answered by it.
            while !matches!(notices.try_recv(), Err(TryRecvError::Empty | TryRecvError::Closed)) {}
            let pause = match self.publish_until_quiet(&notices).await {
                Ok(more) => {
                    if failures > 0 {
                        tracing::info!(source = self.source, failures, "the outbox is relayed again");
                        failures = 0;
                    }
                    if more {
                        continue;
                    }
                    FALLBACK
                }
                Err(error) => {
                    // From the outbox again: what was read ahead may be published by now, or not in order.
                    self.next.clear();
                    self.confirmed.clear();
                    failures += 1;
                    if failures == 1 {
                        tracing::warn!(source = self.source, %error, "cannot relay the outbox, trying again");
                    }
                    Backoff::CONNECTION.pause(failures)
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
                () = noticed(&mut notices), if failures == 0 => {}
            }
        }
        // Without this the next relay would publish the last batch again: allowed, but not needed.
        if let Err(error) = self.mark(&self.confirmed).await {
            tracing::warn!(source = self.source, %error, "the last batch will be published once more");
        }
    }

    /// Publishes one batch, forgets what was confirmed unless the next batch will do that meanwhile, and says whether
    /// there is a next batch.
    async fn publish_until_quiet(&mut self, notices: &CommitNotices) -> Result<bool, RelayError> {
        // What was committed during the publishing has left a notice.
        let more = self.publish_pending().await? || !notices.is_empty();
        if !more {
            self.mark(&self.confirmed).await?;
            self.confirmed.clear();
        }
        Ok(more)
    }

    /// Publishes one batch and says whether it was a full one, so that another one waits behind it.
    async fn publish_pending(&mut self) -> Result<bool, RelayError> {
        let mut pending = std::mem::take(&mut self.next);
        if pending.is_empty() {
            pending = self.store.pending(&self.confirmed, BATCH).await?;
        }
        if pending.is_empty() {
            return Ok(false);
        }
        let before = std::mem::take(&mut self.confirmed);
        let events = || pending.iter().flat_map(|commit| &commit.events);
        let messages: Vec<Message> = events().map(|event| to_message(event, &self.source)).collect();
        let count = messages.len();
        let is_full = count >= BATCH as usize;
        self.ensure_topics(&messages).await?;
        let in_flight: Vec<CommitId> = pending.iter().map(|commit| commit.commit_id).collect();
        let except = [before.as_slice(), in_flight.as_slice()].concat();
        let read_ahead =
            async { if is_full { self.store.pending(&except, BATCH).await } else { Ok(vec![]) } };
        let spans = hops::publishing(self.bus.system(), events(), count);
        let publishing = async {
            let published = self.bus.publish(messages).await;
            hops::published(spans, &published);
            published
        };
        let (published, marked, next) = join!(publishing, self.mark(&before), read_ahead);
        published?;
        self.measure(events());
        fault::point(fault::RELAY_AFTER_PUBLISH);
        self.confirmed = in_flight;
        marked?;
        self.next = next?;
        counter!("bank_relay_published_total", "source" => self.source.clone()).increment(count as u64);
        Ok(is_full)
    }

    /// How long after its commit each event was on the bus.
    fn measure<'a>(&self, events: impl Iterator<Item = &'a RecordedEvent>) {
        let now = Utc::now();
        for event in events {
            self.delay.record((now - event.recorded_at).to_std().unwrap_or_default().as_secs_f64());
        }
    }

    async fn mark(&self, commits: &[CommitId]) -> Result<(), StoreError> {
        if commits.is_empty() { Ok(()) } else { self.store.mark_published(commits).await }
    }

    async fn ensure_topics(&mut self, messages: &[Message]) -> Result<(), BusError> {
        let new: HashSet<&str> = messages
            .iter()
            .map(|message| message.topic.as_str())
            .filter(|topic| !self.known_topics.contains(*topic))
            .collect();
        if !new.is_empty() {
            let topics: Vec<&str> = new.into_iter().collect();
            self.bus.ensure_topics(&topics).await?;
            self.known_topics.extend(topics.into_iter().map(str::to_owned));
        }
        Ok(())
    }
}

/// Waits for the next commit notice; for ever when there will be none, so that only the fallback is left.
async fn noticed(notices: &mut CommitNotices) {
    if let Err(RecvError::Closed) = notices.recv().await {
        std::future::pending().await
    }
}

//! Folds events into the views.
//!
//! Invariants: an event is done only when it is durable in the active generation of the views, and in the one
//! that a rebuild has announced. Which generations those are is read *after* the write, so a switch in between
//! is noticed and the batch is written there too. A batch is folded in memory, each touched document is written
//! once, and a document that somebody else wrote meanwhile makes the whole batch fold again, on what is there
//! then: the versions say what is left to do.

mod folding;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use event_store::{RecordedEvent, StreamId, Version};
use messaging::{BatchHandler, Consuming, Outcome, StreamSource, fault, note_outcome};
use metrics::counter;
use tokio::sync::Mutex;
use tracing::{Span, trace_span};

use self::folding::{Decoded, Folding};
use crate::store::{Generation, ViewError, ViewStore, Written};

/// How often a batch is folded again because another writer was faster, before the subscription is asked to
/// pause and try again.
const ATTEMPTS: usize = 10;

/// After a batch is durable in the views, before its offsets are stored.
pub const AFTER_VIEW_WRITE: &str = "projector.after_view_write";

/// Handles account and transfer events by keeping the views.
pub struct Projector {
    views: Arc<dyn ViewStore>,
    owner: Arc<dyn StreamSource>,
    /// One batch at a time in this process. Partitions share the documents of busy accounts; without turns they
    /// would overtake each other again and again, and only the writers of other processes are worth racing.
    turn: Mutex<()>,
}

impl Projector {
    /// A projector into `views`; `owner` lends what a generation that is being built lacks.
    #[must_use]
    pub fn new(views: Arc<dyn ViewStore>, owner: Arc<dyn StreamSource>) -> Self {
        Self { views, owner, turn: Mutex::new(()) }
    }

    async fn project(&self, events: &[RecordedEvent], spans: &[Span]) -> Result<Vec<Outcome>, ViewError> {
        let _turn = self.turn.lock().await;
        let mut written: HashMap<Generation, Vec<Outcome>> = HashMap::new();
        loop {
            let generations = self.views.generations().await?;
            let Some(generation) = generations.written().find(|generation| !written.contains_key(generation))
            else {
                return Ok(written.remove(&generations.active).unwrap_or_default());
            };
            if generation == generations.active {
                let writes = writes(self.views.system(), spans);
                written.insert(generation, apply(self.views.as_ref(), generation, events).await?);
                drop(writes);
            } else if let Some(outcomes) = self.write_ahead(generation, events).await? {
                written.insert(generation, outcomes);
            }
        }
    }

    /// Brings the events into a generation that is being built, or notes that it could not; `None` when that
    /// generation is no longer being built, and the record has to be read again.
    async fn write_ahead(
        &self,
        generation: Generation,
        events: &[RecordedEvent],
    ) -> Result<Option<Vec<Outcome>>, ViewError> {
        let outcomes = apply_filling(self.views.as_ref(), self.owner.as_ref(), generation, events).await?;
        let missed = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Gap { .. }));
        let noted = !missed || self.views.note_missed(generation).await?;
        Ok(noted.then_some(outcomes))
    }
}

#[async_trait]
impl BatchHandler for Projector {
    async fn handle_batch(&self, events: &[RecordedEvent]) -> Vec<Outcome> {
        self.handle(events, &[]).await
    }

    async fn handle_traced(&self, events: &[RecordedEvent], consuming: &Consuming) -> Vec<Outcome> {
        let spans = consuming.spans(events);
        let outcomes = self.handle(events, &spans).await;
        spans.iter().zip(&outcomes).for_each(|(span, outcome)| note_outcome(span, outcome));
        outcomes
    }
}

impl Projector {
    /// `spans` are those of the events, where they are part of a trace.
    async fn handle(&self, events: &[RecordedEvent], spans: &[Span]) -> Vec<Outcome> {
        match self.project(events, spans).await {
            Ok(outcomes) => {
                fault::point(AFTER_VIEW_WRITE);
                let done = outcomes.iter().filter(|outcome| **outcome == Outcome::Done).count();
                counter!("bank_projector_events_total").increment(done as u64);
                outcomes
            }
            // Nothing is wrong with the events, so they are tried until the views take them.
            Err(error) => vec![Outcome::Retry(error.to_string()); events.len()],
        }
    }
}

/// Begins the span of folding and writing, below that of each event: one write is part of the traces of all its events.
fn writes(system: &'static str, spans: &[Span]) -> Vec<Span> {
    let together = spans.len();
    let write = |span: &Span| {
        trace_span!(
            target: trace_context::TARGET,
            parent: span,
            "write",
            otel.name = "write views",
            otel.kind = "client",
            db.system.name = system,
            db.operation.name = "write",
            db.operation.batch.size = together,
        )
    };
    spans.iter().filter(|span| !span.is_disabled()).map(write).collect()
}

/// Folds `events` into the views of `generation`: one outcome for each event.
pub(crate) async fn apply(
    views: &dyn ViewStore,
    generation: Generation,
    events: &[RecordedEvent],
) -> Result<Vec<Outcome>, ViewError> {
    let decoded: Vec<Decoded> = events.iter().map(Decoded::of).collect();
    for _ in 0..ATTEMPTS {
        let (outcomes, batch) = Folding::fold(views, generation, events, &decoded).await?;
        if batch.is_empty() || views.write(generation, batch).await? == Written::All {
            return Ok(outcomes);
        }
        counter!("bank_projector_races_total").increment(1);
    }
    Err(ViewError::Unavailable(format!("another writer was faster {ATTEMPTS} times")))
}

/// [`apply`], and where events are missing, what the owner of the stream has of them first. A gap that is left
/// could not be filled.
pub(crate) async fn apply_filling(
    views: &dyn ViewStore,
    owner: &dyn StreamSource,
    generation: Generation,
    events: &[RecordedEvent],
) -> Result<Vec<Outcome>, ViewError> {
    let outcomes = apply(views, generation, events).await?;
    let gaps: Vec<(&StreamId, Version)> = events
        .iter()
        .zip(&outcomes)
        .filter_map(|(event, outcome)| match outcome {
            Outcome::Gap { last_seen } => Some((&event.stream, *last_seen)),
            _ => None,
        })
        .collect();
    if gaps.is_empty() {
        return Ok(outcomes);
    }
    for (stream, last_seen) in gaps {
        match owner.events_after(stream, last_seen).await {
            Ok(missing) => drop(apply(views, generation, &missing).await?),
            Err(error) => {
                tracing::warn!(%stream, %error, "cannot fill a gap in the views that are being built")
            }
        }
    }
    apply(views, generation, events).await
}

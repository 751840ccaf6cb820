//! What a consumer does with events, and what it answers.

use std::sync::Arc;

use async_trait::async_trait;
use event_store::{CodecError, RecordedEvent, StoreError, StreamId, Version};
use futures::future::join_all;
use tracing::Instrument;

use crate::hops::{Consuming, note_outcome};

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The effect is durable, or there was nothing to do.
    Done,
    /// A passing trouble: the event is tried again, without limit, with a growing pause. Other keys go on.
    Retry(String),
    /// Trying again cannot help: stored with this reason; later events of the aggregate wait behind it.
    DeadLetter(String),
    /// Events between the view and this one are missing. Parked, and filled from the owning service's store.
    Gap {
        /// The last version that the view has of this stream.
        last_seen: Version,
    },
}

impl Outcome {
    /// What becomes of an event that the reader's code cannot read, for every subscription: nothing of it is guessed, and
    /// it waits, with what follows it in its stream, for code that can.
    #[must_use]
    pub fn unreadable(error: &CodecError) -> Self {
        Self::DeadLetter(error.to_string())
    }
}

/// Handles events one at a time. Events of one aggregate arrive in order, different aggregates in parallel.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Handles one event; called again with the same event after a crash or a retry.
    async fn handle(&self, event: &RecordedEvent) -> Outcome;
}

/// Handles all events that wait in one partition at once.
#[async_trait]
pub trait BatchHandler: Send + Sync + 'static {
    /// One outcome for each event, in the same order. After an outcome other than `Done` the later events of
    /// the same aggregate must not have taken effect; their outcomes are ignored.
    async fn handle_batch(&self, events: &[RecordedEvent]) -> Vec<Outcome>;

    /// The same for a subscription, with a span for each event that is part of a trace. The spans last as long as the
    /// batch, unless the handler knows better.
    async fn handle_traced(&self, events: &[RecordedEvent], consuming: &Consuming) -> Vec<Outcome> {
        let spans = consuming.spans(events);
        let outcomes = self.handle_batch(events).await;
        spans.iter().zip(&outcomes).for_each(|(span, outcome)| note_outcome(span, outcome));
        outcomes
    }
}

/// Reads a stream from the service that owns it, to fill a gap.
#[async_trait]
pub trait StreamSource: Send + Sync + 'static {
    /// The events of `stream` above the version `after`, in order.
    ///
    /// # Errors
    /// When the owning service cannot be read now.
    async fn events_after(&self, stream: &StreamId, after: Version)
    -> Result<Vec<RecordedEvent>, StoreError>;
}

/// A [`Handler`] as a [`BatchHandler`]: aggregates in parallel, each aggregate's events one after the other.
pub struct PerEvent<H>(pub H);

#[async_trait]
impl<H: Handler> BatchHandler for PerEvent<H> {
    async fn handle_batch(&self, events: &[RecordedEvent]) -> Vec<Outcome> {
        self.handle_each(events, None).await
    }

    /// Each event within its own span, so that what it asks for goes on from there.
    async fn handle_traced(&self, events: &[RecordedEvent], consuming: &Consuming) -> Vec<Outcome> {
        self.handle_each(events, trace_context::is_on().then_some(consuming)).await
    }
}

impl<H: Handler> PerEvent<H> {
    async fn handle_each(&self, events: &[RecordedEvent], consuming: Option<&Consuming>) -> Vec<Outcome> {
        let mut by_stream: Vec<(&StreamId, Vec<usize>)> = Vec::new();
        for (index, event) in events.iter().enumerate() {
            match by_stream.iter_mut().find(|(stream, _)| *stream == &event.stream) {
                Some((_, indexes)) => indexes.push(index),
                None => by_stream.push((&event.stream, vec![index])),
            }
        }
        let streams =
            by_stream.into_iter().map(|(_, indexes)| self.handle_in_order(events, indexes, consuming));
        let mut outcomes = vec![Outcome::Done; events.len()];
        for (index, outcome) in join_all(streams).await.into_iter().flatten() {
            outcomes[index] = outcome;
        }
        outcomes
    }

    async fn handle_in_order(
        &self,
        events: &[RecordedEvent],
        indexes: Vec<usize>,
        consuming: Option<&Consuming>,
    ) -> Vec<(usize, Outcome)> {
        let mut outcomes = Vec::with_capacity(indexes.len());
        for index in indexes {
            let event = &events[index];
            let outcome = match consuming {
                None => self.0.handle(event).await,
                Some(consuming) => {
                    let span = consuming.span(event);
                    let outcome = self.0.handle(event).instrument(span.clone()).await;
                    note_outcome(&span, &outcome);
                    outcome
                }
            };
            let stop = outcome != Outcome::Done;
            outcomes.push((index, outcome));
            if stop {
                break;
            }
        }
        outcomes
    }
}

#[async_trait]
impl<H: Handler + ?Sized> Handler for Arc<H> {
    async fn handle(&self, event: &RecordedEvent) -> Outcome {
        (**self).handle(event).await
    }
}

//! The hops of an event between services: their spans, and how long after its commit an event was handled.

use std::sync::Arc;

use chrono::Utc;
use event_store::RecordedEvent;
use metrics::{Histogram, histogram};
use tracing::{Span, field, trace_span};

use crate::bus::BusError;
use crate::envelope::topic_of;
use crate::handler::Outcome;

/// Begins a span for each of `events` that is part of a trace, while all of them are published together.
pub(crate) fn publishing<'a>(
    system: &'static str,
    events: impl Iterator<Item = &'a RecordedEvent>,
    together: usize,
) -> Vec<Span> {
    if !trace_context::is_on() {
        return Vec::new();
    }
    let span = |event: &RecordedEvent| {
        trace_context::continued(event.metadata.traceparent.as_deref(), || {
            let topic = topic_of(&event.stream.aggregate_type);
            trace_span!(
                target: trace_context::TARGET,
                "send",
                otel.name = format!("send {topic}"),
                otel.kind = "producer",
                otel.status_code = field::Empty,
                messaging.system = system,
                messaging.operation.name = "send",
                messaging.operation.type = "send",
                messaging.destination.name = topic,
                messaging.message.id = %event.event_id,
                messaging.batch.message_count = together,
                bank.aggregate.type = event.stream.aggregate_type,
                bank.aggregate.id = %event.stream.aggregate_id,
                bank.event.type = event.event_type,
            )
        })
    };
    events.map(span).collect()
}

/// Ends what [`publishing`] began.
pub(crate) fn published(spans: Vec<Span>, outcome: &Result<(), BusError>) {
    for span in spans.iter().filter(|_| outcome.is_err()) {
        span.record("otel.status_code", "ERROR");
    }
}

/// A subscription at work, as its spans and its measurements name it.
#[derive(Clone)]
pub struct Consuming {
    system: &'static str,
    subscription: Arc<str>,
    delay: Histogram,
}

impl Consuming {
    pub(crate) fn new(system: &'static str, subscription: &str) -> Self {
        let delay = histogram!(
            "bank_subscription_delay_seconds", "subscription" => subscription.to_owned()
        );
        Self { system, subscription: subscription.into(), delay }
    }

    /// The span of handling `event`, which goes on from its commit; a disabled one when it is part of no trace.
    #[must_use]
    pub fn span(&self, event: &RecordedEvent) -> Span {
        trace_context::continued(event.metadata.traceparent.as_deref(), || {
            let topic = topic_of(&event.stream.aggregate_type);
            trace_span!(
                target: trace_context::TARGET,
                "process",
                otel.name = format!("process {topic}"),
                otel.kind = "consumer",
                otel.status_code = field::Empty,
                error.type = field::Empty,
                messaging.system = self.system,
                messaging.operation.name = "process",
                messaging.operation.type = "process",
                messaging.destination.name = topic,
                messaging.consumer.group.name = &*self.subscription,
                messaging.message.id = %event.event_id,
                bank.aggregate.type = event.stream.aggregate_type,
                bank.aggregate.id = %event.stream.aggregate_id,
                bank.event.type = event.event_type,
            )
        })
    }

    /// [`Consuming::span`] of each; empty when spans are off.
    #[must_use]
    pub fn spans(&self, events: &[RecordedEvent]) -> Vec<Span> {
        if trace_context::is_on() {
            events.iter().map(|event| self.span(event)).collect()
        } else {
            Vec::new()
        }
    }

    /// Measures how long after its commit each event was handled.
    pub(crate) fn measure(&self, events: &[RecordedEvent], outcomes: &[Outcome]) {
        let now = Utc::now();
        let handled = events.iter().zip(outcomes).filter(|(_, outcome)| **outcome == Outcome::Done);
        for (event, _) in handled {
            // The clocks of two services may be apart; nothing is handled before its commit.
            let delay = (now - event.recorded_at).to_std().unwrap_or_default();
            self.delay.record(delay.as_secs_f64());
        }
    }
}

/// Notes on the span of an event what became of it, when that is not the usual.
pub fn note_outcome(span: &Span, outcome: &Outcome) {
    let kind = match outcome {
        Outcome::Done => return,
        Outcome::Retry(_) => "retry",
        Outcome::DeadLetter(_) => "dead_letter",
        Outcome::Gap { .. } => "gap",
    };
    span.record("error.type", kind);
    span.record("otel.status_code", "ERROR");
}

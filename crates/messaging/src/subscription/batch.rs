//! One call of the handler, and an outcome for every message whatever the handler does.

use std::any::Any;
use std::collections::HashSet;
use std::sync::Arc;

use event_store::RecordedEvent;

use super::context::Context;
use crate::envelope::to_event;
use crate::handler::Outcome;
use crate::message::Delivery;

/// Messages on their way to the handler.
pub(super) struct Batch {
    deliveries: Vec<Delivery>,
    /// The events inside, without those of a key after its first message that is no event.
    events: Vec<RecordedEvent>,
    /// For each message its outcome when that is known beforehand.
    known: Vec<Option<Outcome>>,
}

/// Messages with what became of each.
pub(super) type Handled = Vec<(Delivery, Outcome)>;

impl Batch {
    pub(super) fn new(deliveries: Vec<Delivery>) -> Self {
        let mut events = Vec::with_capacity(deliveries.len());
        let mut known = Vec::with_capacity(deliveries.len());
        let mut stopped: HashSet<&str> = HashSet::new();
        for delivery in &deliveries {
            let message = &delivery.message;
            let verdict = match to_event(message) {
                _ if stopped.contains(message.key.as_str()) => Some(behind()),
                Ok(event) => {
                    events.push(event);
                    None
                }
                Err(error) => {
                    stopped.insert(&message.key);
                    Some(Outcome::DeadLetter(format!("not an event: {error}")))
                }
            };
            known.push(verdict);
        }
        Self { deliveries, events, known }
    }

    /// Calls the handler once for all of them. The call has begun when this returns.
    pub(super) fn handle(self, context: &Context) -> impl Future<Output = Handled> + Send + use<> {
        let outcomes = call(context, self.events);
        async move {
            let mut outcomes = outcomes.await.into_iter();
            let outcome = |known: Option<Outcome>| known.or_else(|| outcomes.next()).unwrap_or_else(behind);
            let outcomes: Vec<Outcome> = self.known.into_iter().map(outcome).collect();
            self.deliveries.into_iter().zip(outcomes).collect()
        }
    }
}

/// One outcome for each of `events`. The call runs in a task of its own: it is never dropped half-way, goes on
/// whatever its caller waits for, and a panic is a reason to try again.
pub(super) fn call(
    context: &Context,
    events: Vec<RecordedEvent>,
) -> impl Future<Output = Vec<Outcome>> + Send + use<> {
    let count = events.len();
    let (handler, consuming) = (Arc::clone(&context.subscription.handler), context.consuming.clone());
    let handling = async move {
        let outcomes = handler.handle_traced(&events, &consuming).await;
        consuming.measure(&events, &outcomes);
        outcomes
    };
    let call = (count > 0).then(|| tokio::spawn(handling));
    async move {
        let Some(call) = call else { return Vec::new() };
        let failure = match call.await {
            Ok(outcomes) if outcomes.len() == count => return outcomes,
            Ok(outcomes) => format!("the handler gave {} outcomes for {count} events", outcomes.len()),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => format!("the handler panicked: {}", text_of(panic.as_ref())),
                Err(error) => error.to_string(),
            },
        };
        tracing::error!(events = count, failure, "a handler failed");
        vec![Outcome::Retry(failure); count]
    }
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no text")
}

/// The outcome of a message that was not handled because of an earlier one of its key.
fn behind() -> Outcome {
    Outcome::Retry(crate::dead_letter::BEHIND.to_owned())
}

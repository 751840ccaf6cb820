//! Replaying the letters of one key: for a redrive, and to fill a gap from the service that owns the stream.
//!
//! Invariant: a letter is removed only after the handler said done. The worker of the key's partition runs at
//! most one recovery a key and holds back newer messages of the key meanwhile, so that nothing overtakes.

use std::sync::Arc;

use event_store::{RecordedEvent, Version};
use tokio_util::sync::CancellationToken;

use super::batch::{self, Batch};
use super::context::Context;
use crate::dead_letter::{DeadLetter, DeadLetterError, GAP};
use crate::handler::{Outcome, StreamSource};

/// How a recovery ended.
#[derive(Debug)]
pub(super) enum Recovery {
    /// The key has no letters any more.
    Released,
    /// A letter failed again; somebody must look at it.
    Blocked,
    /// A passing trouble: worth another try after a pause.
    Again(String),
}

/// Replays the letters of `key` in order.
pub(super) async fn recover(
    context: Arc<Context>,
    topic: String,
    key: String,
    stop: CancellationToken,
) -> Recovery {
    let mut replay = Replay { context: &context, topic: &topic, key: &key, filled_after: None };
    loop {
        if stop.is_cancelled() {
            return Recovery::Again("the partition is being let go".to_owned());
        }
        match replay.round().await {
            Ok(None) => {}
            Ok(Some(end)) => return end,
            Err(error) => return Recovery::Again(error.to_string()),
        }
    }
}

struct Replay<'a> {
    context: &'a Arc<Context>,
    topic: &'a str,
    key: &'a str,
    /// Where the last gap that was filled began.
    filled_after: Option<Version>,
}

impl Replay<'_> {
    /// Replays some letters; `None` when there is more to do.
    async fn round(&mut self) -> Result<Option<Recovery>, DeadLetterError> {
        let subscription = &self.context.subscription;
        let mut letters = subscription.dead_letters.list(&subscription.id, Some(self.key)).await?;
        letters.retain(|letter| letter.delivery.position.topic == self.topic);
        letters.truncate(self.context.settings.batch_limit);
        if letters.is_empty() {
            return Ok(Some(Recovery::Released));
        }
        let deliveries = letters.iter().map(|letter| letter.delivery.clone()).collect();
        let handled = Batch::new(deliveries).handle(self.context).await;
        for (letter, (_, outcome)) in letters.iter().zip(handled) {
            match outcome {
                Outcome::Done => self.remove(letter).await?,
                Outcome::Retry(reason) => return Ok(Some(Recovery::Again(reason))),
                Outcome::DeadLetter(reason) => return self.block(letter, &reason).await.map(Some),
                Outcome::Gap { last_seen } => return self.fill(letter, last_seen).await,
            }
        }
        Ok(None)
    }

    async fn remove(&self, letter: &DeadLetter) -> Result<(), DeadLetterError> {
        self.context.count("redriven", 1);
        self.context.subscription.dead_letters.remove(self.context.id(), &letter.delivery.position).await
    }

    async fn block(&self, letter: &DeadLetter, reason: &str) -> Result<Recovery, DeadLetterError> {
        let dead_letters = &self.context.subscription.dead_letters;
        dead_letters.redrive_failed(self.context.id(), &letter.delivery.position, reason).await?;
        Ok(Recovery::Blocked)
    }

    /// Hands the handler what is missing before `letter`; `None` when the letter can be replayed now.
    async fn fill(
        &mut self,
        letter: &DeadLetter,
        last_seen: Version,
    ) -> Result<Option<Recovery>, DeadLetterError> {
        let Some(owner) = &self.context.subscription.owner else {
            return self.block(letter, GAP).await.map(Some);
        };
        if self.filled_after.replace(last_seen) == Some(last_seen) {
            let reason = format!("the handler still misses what follows version {last_seen}");
            return Ok(Some(Recovery::Again(reason)));
        }
        let missing = match missing(owner.as_ref(), letter, last_seen).await {
            Ok(missing) => missing,
            Err(reason) => return Ok(Some(Recovery::Again(reason))),
        };
        for events in missing.chunks(self.context.settings.batch_limit) {
            let outcomes = batch::call(self.context, events.to_vec()).await;
            match outcomes.into_iter().find(|outcome| *outcome != Outcome::Done) {
                None => self.context.count("filled", events.len() as u64),
                Some(Outcome::DeadLetter(reason)) => {
                    let reason = format!("a missing event cannot be handled: {reason}");
                    return self.block(letter, &reason).await.map(Some);
                }
                Some(outcome) => return Ok(Some(Recovery::Again(format!("{outcome:?}")))),
            }
        }
        Ok(None)
    }
}

/// The events after `last_seen` in the store of the service that owns the stream.
async fn missing(
    owner: &dyn StreamSource,
    letter: &DeadLetter,
    last_seen: Version,
) -> Result<Vec<RecordedEvent>, String> {
    let event = crate::envelope::to_event(&letter.delivery.message).map_err(|error| error.to_string())?;
    let missing = owner.events_after(&event.stream, last_seen).await.map_err(|error| error.to_string())?;
    match missing.first() {
        Some(first) if first.version == last_seen.next() => Ok(missing),
        _ => Err(format!("the owner of {} has no version {}", event.stream, last_seen.next())),
    }
}

//! Parking messages durably.

use std::sync::Arc;

use chrono::{SubsecRound, Utc};
use tokio_util::sync::CancellationToken;

use super::context::Context;
use crate::backoff::{Backoff, worth_logging};
use crate::dead_letter::{BEHIND, DeadLetter};
use crate::message::Delivery;

/// The first of `deliveries` with its reason, the others behind it.
pub(super) fn letters(context: &Context, deliveries: Vec<Delivery>, reason: &str) -> Vec<DeadLetter> {
    let reasons = std::iter::once(reason).chain(std::iter::repeat(BEHIND));
    let letter = |(delivery, reason): (Delivery, &str)| DeadLetter {
        subscription_id: context.id().to_owned(),
        key: delivery.message.key.clone(),
        // PostgreSQL's text cannot hold U+0000, and a letter must never be what cannot be parked.
        reason: reason.replace('\0', "\u{fffd}"),
        parked_at: Utc::now().trunc_subsecs(6),
        delivery,
    };
    deliveries.into_iter().zip(reasons).map(letter).collect()
}

/// Stores `letters`, trying until it works or `stop`; says whether they are stored.
pub(super) async fn park(context: &Arc<Context>, letters: &[DeadLetter], stop: &CancellationToken) -> bool {
    let mut attempt = 0;
    loop {
        let Err(error) = context.subscription.dead_letters.park(letters).await else {
            return true;
        };
        attempt += 1;
        if worth_logging(attempt) {
            tracing::error!(subscription = context.id(), %error, attempt, "cannot park dead letters");
        }
        tokio::select! {
            () = stop.cancelled() => return false,
            () = tokio::time::sleep(Backoff::CONNECTION.pause(attempt)) => {}
        }
    }
}

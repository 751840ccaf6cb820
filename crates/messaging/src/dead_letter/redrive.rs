//! Asking for a redrive and waiting for what becomes of it.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::{DeadLetterError, DeadLetters, ParkedKey};

/// How often the letters are looked at while a redrive is under way.
const LOOK: Duration = Duration::from_millis(50);

/// What became of a redrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RedriveReport {
    /// Letters that were asked for.
    pub requested: u64,
    /// Letters that are gone because they were handled.
    pub handled: u64,
    /// Keys that still have letters, with the reason that stopped them.
    pub remaining: Vec<ParkedKey>,
}

impl RedriveReport {
    /// Whether some keys are still to be replayed: no subscription runs, or it has not finished.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.remaining.iter().any(|key| key.redrive_requested)
    }
}

/// Replays the letters of `key`, or of all keys, in order through the handler of the subscription, wherever it
/// runs. Each key stops at the first letter that fails again; what was handled is removed.
///
/// Waits at most `patience`. What is still pending then stays requested and is carried out by the subscription
/// as soon as it can, at the latest when it starts again.
///
/// # Errors
/// When the store of dead letters fails.
pub async fn redrive(
    dead_letters: &dyn DeadLetters,
    subscription_id: &str,
    key: Option<&str>,
    patience: Duration,
) -> Result<RedriveReport, DeadLetterError> {
    let requested = dead_letters.request_redrive(subscription_id, key).await?;
    let given_up = Instant::now() + patience;
    loop {
        let mut remaining = dead_letters.parked(subscription_id).await?;
        remaining.retain(|parked| key.is_none_or(|key| parked.key == key));
        let letters: u64 = remaining.iter().map(|parked| parked.letters).sum();
        let report = RedriveReport { requested, handled: requested.saturating_sub(letters), remaining };
        if !report.is_pending() || Instant::now() >= given_up {
            return Ok(report);
        }
        tokio::time::sleep(LOOK).await;
    }
}

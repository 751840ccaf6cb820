//! Looks at the lag and the letters from time to time, beside the work.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use metrics::gauge;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::context::Context;
use crate::dead_letter::ParkedKey;

/// What the session must know.
pub(super) enum Observation {
    /// Somebody asked for a redrive of these keys.
    RedriveRequested(Vec<ParkedKey>),
    /// There are messages, and the source delivers none.
    Stalled,
}

/// Runs until the session is gone.
pub(super) async fn observe(context: Arc<Context>, observations: mpsc::Sender<Observation>) {
    let mut stall = StallWatch::new();
    let mut lag_due = Instant::now();
    loop {
        let requested = look_at_letters(&context).await;
        if !requested.is_empty() && observations.send(Observation::RedriveRequested(requested)).await.is_err()
        {
            return;
        }
        if lag_due <= Instant::now() {
            lag_due = Instant::now() + context.settings.lag_interval;
            let lag = measure_lag(&context).await;
            let stalled = lag.is_some_and(|lag| stall.is_stalled(&context, lag));
            if stalled && observations.send(Observation::Stalled).await.is_err() {
                return;
            }
        }
        tokio::select! {
            () = observations.closed() => return,
            () = context.look.notified() => {}
            () = tokio::time::sleep(context.settings.look_interval) => {}
        }
    }
}

async fn look_at_letters(context: &Context) -> Vec<ParkedKey> {
    let mut parked = match context.subscription.dead_letters.parked(context.id()).await {
        Ok(parked) => parked,
        Err(error) => {
            tracing::debug!(subscription = context.id(), %error, "cannot look at the dead letters");
            return Vec::new();
        }
    };
    let letters: u64 = parked.iter().map(|key| key.letters).sum();
    gauge!("bank_subscription_parked", "subscription" => context.id().to_owned()).set(letters as f64);
    context.status.send_if_modified(|status| std::mem::replace(&mut status.parked, letters) != letters);
    parked.retain(|key| key.redrive_requested);
    parked
}

async fn measure_lag(context: &Context) -> Option<u64> {
    match context.bus.lag(context.id(), &context.topics()).await {
        Ok(lag) => {
            gauge!("bank_subscription_lag", "subscription" => context.id().to_owned()).set(lag as f64);
            context.status.send_if_modified(|status| status.lag.replace(lag) != Some(lag));
            Some(lag)
        }
        Err(error) => {
            tracing::debug!(subscription = context.id(), %error, "cannot measure the lag");
            None
        }
    }
}

/// Recognises a source that went silent: more lag than is in hand, and for a while nothing delivered and the
/// lag of the group not falling either (another member may be the one that is at work).
struct StallWatch {
    since: Instant,
    delivered: u64,
    lag: u64,
}

impl StallWatch {
    fn new() -> Self {
        Self { since: Instant::now(), delivered: 0, lag: 0 }
    }

    fn is_stalled(&mut self, context: &Context, lag: u64) -> bool {
        let flow = &context.flow;
        let delivered = flow.delivered.load(Ordering::Relaxed);
        let in_hand = flow.outstanding.load(Ordering::Relaxed);
        let moves = delivered != self.delivered || lag < self.lag;
        let explained = lag <= in_hand || flow.paused.load(Ordering::Relaxed) > 0;
        self.delivered = delivered;
        self.lag = lag;
        if moves || explained {
            self.since = Instant::now();
        }
        self.since.elapsed() >= context.settings.stall_after
    }
}

//! How much waits to be published, and since when. Measured beside the relay, so that it shows also while that one waits
//! for a broker.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use event_store::{EventStore, StoreError};
use metrics::gauge;

/// Between two looks.
const PERIOD: Duration = Duration::from_secs(5);

/// Measures for ever.
pub(super) async fn watch(store: Arc<dyn EventStore>, source: String) {
    loop {
        if let Err(error) = measure(&*store, &source).await {
            tracing::debug!(source, %error, "cannot measure the outbox");
        }
        tokio::time::sleep(PERIOD).await;
    }
}

async fn measure(store: &dyn EventStore, source: &str) -> Result<(), StoreError> {
    let waiting = store.pending_count().await?;
    let oldest = if waiting > 0 { store.pending(&[], 1).await? } else { Vec::new() };
    let oldest = oldest.iter().flat_map(|commit| &commit.events).next();
    let age = oldest.and_then(|event| (Utc::now() - event.recorded_at).to_std().ok()).unwrap_or_default();
    gauge!("bank_outbox_pending", "source" => source.to_owned()).set(waiting as f64);
    gauge!("bank_outbox_oldest_age_seconds", "source" => source.to_owned()).set(age.as_secs_f64());
    Ok(())
}

//! Deletes what was kept long enough, and counts what waits.

use std::time::Duration;

use chrono::{DateTime, Utc};
use event_store::Clock;
use metrics::gauge;
use service_kit::Tasks;
use std::sync::Arc;

use crate::store::{StoreError, WebhookStore};

const EVERY: Duration = Duration::from_secs(15);

/// At once, so that no transaction takes long.
const STEP: u64 = 500;

pub(crate) fn start(store: WebhookStore, keep: Duration, clock: Arc<dyn Clock>, tasks: &Tasks) {
    tasks.repeat("webhooks housekeeping", EVERY, move || {
        let (store, before) = (store.clone(), clock.now() - keep);
        async move {
            if let Err(error) = keep_house(&store, before).await {
                tracing::warn!(%error, "could not look after old deliveries");
            }
        }
    });
}

async fn keep_house(store: &WebhookStore, before: DateTime<Utc>) -> Result<(), StoreError> {
    let step = i64::try_from(STEP).unwrap_or(i64::MAX);
    while store.delete_old_deliveries(before, step).await? == STEP {}
    let waiting = u32::try_from(store.count_waiting().await?).unwrap_or(u32::MAX);
    gauge!("webhook_deliveries_waiting").set(waiting);
    Ok(())
}

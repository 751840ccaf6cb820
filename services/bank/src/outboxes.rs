//! What the tools see of events that nobody has published yet.

use std::collections::HashSet;
use std::sync::Arc;

use event_store::{EventStore, StoreError};
use uuid::Uuid;

/// More events than any outbox holds that is worth looking into.
const WHOLE_OUTBOX: u32 = 1_000_000;

/// The ids of the events that wait in the outboxes of these stores.
///
/// # Errors
/// Only when a database fails.
pub(crate) async fn unpublished(stores: &[&Arc<dyn EventStore>]) -> Result<HashSet<Uuid>, StoreError> {
    let mut unpublished = HashSet::new();
    for store in stores {
        let pending = store.pending(&[], WHOLE_OUTBOX).await?;
        unpublished.extend(pending.iter().flat_map(|commit| &commit.events).map(|event| event.event_id));
    }
    Ok(unpublished)
}

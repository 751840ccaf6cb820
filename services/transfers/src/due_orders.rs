//! Finds orders that are due, and has each record which of its due dates have come.
//!
//! Nothing is moved here: the record is an event, and the subscription creates the transfer that it names. A crash between
//! the two loses nothing, because the event is published until it was handled, and doubles nothing, because the transfer's
//! id and command follow from the order and the due date. After a time away, every due date that was missed comes once, in
//! order, so many of them in one look.

use domain::Aggregate;
use domain::order::TransferOrder;
use event_store::{StoreError, fault};
use futures::StreamExt;
use futures::stream;
use service_kit::tasks::Tasks;
use uuid::Uuid;

use crate::application::Application;
use crate::config::Config;

/// Where tests end the process.
const AFTER_DUE_DATE: &str = "transfers.after_due_date";

/// How many orders one look takes in hand.
const AT_ONCE: u32 = 500;

/// How many of them wait for their commit at the same time: they share it.
const SIDE_BY_SIDE: usize = 50;

pub(crate) fn start(application: Application, config: &Config, tasks: &Tasks) {
    tasks.repeat("order sweeper", config.sweep_interval.into(), move || {
        let application = application.clone();
        async move {
            if let Err(error) = sweep(&application).await {
                tracing::warn!(%error, "the sweeper could not look for orders that are due");
            }
        }
    });
}

async fn sweep(application: &Application) -> Result<(), StoreError> {
    let due = application.store.due(TransferOrder::TYPE, application.clock.now(), AT_ONCE).await?;
    stream::iter(due).for_each_concurrent(SIDE_BY_SIDE, |(id, _)| record_due_dates(application, id)).await;
    Ok(())
}

async fn record_due_dates(application: &Application, id: Uuid) {
    match application.come_due(id, application.clock.now()).await {
        // Somebody else was faster.
        Ok(executed) if executed.events.is_empty() => {}
        Ok(executed) => {
            fault::point(AFTER_DUE_DATE);
            tracing::info!(order = %id, due_dates = executed.events.len(), "an order is due");
        }
        Err(error) => tracing::warn!(order = %id, %error, "could not record that an order is due"),
    }
}

#[cfg(test)]
mod tests;

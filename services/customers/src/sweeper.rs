//! Looks after what a crash or a client left half done.

use std::time::Duration;

use service_kit::tasks::Tasks;
use tokio::time::{MissedTickBehavior, interval};

use crate::application::Application;

pub(crate) fn start(application: Application, every: Duration, tasks: &Tasks) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tasks.spawn_until_shutdown("customers sweeper", async move {
        let mut vault_is_of_today = false;
        loop {
            ticks.tick().await;
            if !vault_is_of_today {
                match application.forget_the_erased().await {
                    Ok(()) => vault_is_of_today = true,
                    Err(error) => tracing::warn!(%error, "could not look for erased customers in the vault"),
                }
            }
            application.sweep().await;
        }
    });
}

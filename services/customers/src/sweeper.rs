//! Looks for erasures that a crash left half done.

use std::time::Duration;

use service_kit::tasks::Tasks;
use tokio::time::{MissedTickBehavior, interval};

use crate::application::Application;

pub(crate) fn start(application: Application, every: Duration, tasks: &Tasks) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tasks.spawn_until_shutdown("erasure sweeper", async move {
        loop {
            ticks.tick().await;
            if let Err(error) = application.finish_erasures().await {
                tracing::warn!(%error, "could not look for erasures that are half done");
            }
        }
    });
}

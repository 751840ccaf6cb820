//! Looks for erasures that a crash left half done.

use std::time::Duration;

use service_kit::tasks::Tasks;

use crate::application::Application;

pub(crate) fn start(application: Application, every: Duration, tasks: &Tasks) {
    tasks.repeat("erasure sweeper", every, move || {
        let application = application.clone();
        async move {
            if let Err(error) = application.finish_erasures().await {
                tracing::warn!(%error, "could not look for erasures that are half done");
            }
        }
    });
}

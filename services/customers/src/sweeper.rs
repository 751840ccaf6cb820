//! Looks after what a crash or a client left half done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use service_kit::tasks::Tasks;

use crate::application::Application;

pub(crate) fn start(application: Application, every: Duration, tasks: &Tasks) {
    // A vault that was restored from a backup may hold keys that were destroyed since.
    let vault_is_of_today = Arc::new(AtomicBool::new(false));
    tasks.repeat("customers sweeper", every, move || {
        let (application, vault_is_of_today) = (application.clone(), Arc::clone(&vault_is_of_today));
        async move {
            if !vault_is_of_today.load(Ordering::Relaxed) {
                match application.forget_the_erased().await {
                    Ok(()) => vault_is_of_today.store(true, Ordering::Relaxed),
                    Err(error) => tracing::warn!(%error, "could not look for erased customers in the vault"),
                }
            }
            application.sweep().await;
        }
    });
}

//! A subscription under test.

use std::sync::Arc;

use messaging::{
    Bus, Handler, PerEvent, StreamSource, Subscription, SubscriptionHandle, SubscriptionSettings,
    subscribe_with,
};
use tokio_util::sync::CancellationToken;

use super::{Backend, quick_settings};

/// Runs until it is stopped.
pub(crate) struct Running {
    pub(crate) handle: SubscriptionHandle,
    shutdown: CancellationToken,
}

impl Running {
    pub(crate) async fn start(backend: &Backend, handler: impl Handler) -> Self {
        Self::start_with(backend, handler, None, quick_settings()).await
    }

    pub(crate) async fn start_with(
        backend: &Backend,
        handler: impl Handler,
        owner: Option<Arc<dyn StreamSource>>,
        settings: SubscriptionSettings,
    ) -> Self {
        Self::on(Arc::clone(&backend.bus), backend, handler, owner, settings).await
    }

    /// On a bus around the backend's.
    pub(crate) async fn on(
        bus: Arc<dyn Bus>,
        backend: &Backend,
        handler: impl Handler,
        owner: Option<Arc<dyn StreamSource>>,
        settings: SubscriptionSettings,
    ) -> Self {
        let shutdown = CancellationToken::new();
        let subscription = Subscription {
            id: backend.group.clone(),
            topics: vec![backend.topic.clone()],
            handler: Arc::new(PerEvent(handler)),
            dead_letters: Arc::clone(&backend.dead_letters),
            owner,
        };
        let handle = subscribe_with(bus, subscription, settings, shutdown.clone()).await;
        Self { handle, shutdown }
    }

    /// Asks it to end, without waiting.
    pub(crate) fn ask_to_stop(&self) {
        self.shutdown.cancel();
    }

    /// Shuts it down and waits until it has ended.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.handle.join().await;
    }
}

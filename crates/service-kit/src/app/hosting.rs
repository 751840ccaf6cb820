//! Serving what a service built, until it should stop.

use std::io;

use audit::AuditLog;
use axum::{Extension, Router};
use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::health::Health;
use crate::http::{finish, serve};
use crate::settings::ServerSettings;
use crate::tasks::Tasks;

/// What a service built: its routes without the layers that [`finish`] adds, and what `/readyz` asks.
pub struct App {
    /// The routes.
    pub router: Router,
    /// The checks.
    pub health: Health,
}

impl App {
    /// Keeps every decision of the routes in the log, without which the service is not ready.
    #[must_use]
    pub fn audited(self, log: AuditLog) -> Self {
        let health = self.health.check("audit", {
            let log = log.clone();
            move || {
                let log = log.clone();
                async move { log.ping().await }
            }
        });
        Self { router: self.router.layer(Extension(Some(log))), health }
    }
}

/// Serves `app` until `shutdown`. Then, in this order: `/readyz` says so, no more connections are taken, the
/// requests in work finish, and only then the `tasks` end, because requests may wait for what they do. Each of
/// the two ends has the `drain` time.
///
/// # Errors
/// When the listener fails.
pub fn host(
    listener: TcpListener,
    app: App,
    settings: &ServerSettings,
    tasks: Tasks,
    shutdown: CancellationToken,
) -> BoxFuture<'_, io::Result<()>> {
    // Boxed: the body of an `async fn`, here a whole HTTP server, is compiled again in every crate that awaits it.
    Box::pin(host_until(listener, app, settings, tasks, shutdown))
}

async fn host_until(
    listener: TcpListener,
    app: App,
    settings: &ServerSettings,
    tasks: Tasks,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let watched = tasks.clone();
    let health = app.health.check("tasks", move || std::future::ready(watched.check()));
    let router = finish(app.router, settings.http_options(), health.clone());
    let served = serve(listener, router, settings.max_connections, shutdown.clone(), settings.drain.get());
    let draining = async {
        shutdown.cancelled().await;
        health.drain();
        std::future::pending::<()>().await;
    };
    let outcome = tokio::select! {
        outcome = served => outcome,
        () = draining => Ok(()),
    };
    if !tasks.shutdown_and_join(settings.drain.get()).await {
        tracing::warn!("background tasks still at work after the drain time were cut off");
    }
    outcome
}

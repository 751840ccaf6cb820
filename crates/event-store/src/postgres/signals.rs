//! Tells other processes of commits, and hears of theirs.
//!
//! A `NOTIFY` inside the transaction that appends would make all commits of the database wait for one lock, so
//! it follows on a connection of its own, one for all commits since the last. It is a wake-up and no more:
//! whoever misses one finds the commit by looking.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::{Error, query};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::store::CommitNotice;

const CHANNEL: &str = "event_store_commits";
/// One tells, one hears, and one takes over when hearing breaks.
const CONNECTIONS: u32 = 3;
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);
/// The first commit is told at once; those of the next moment are told together. Each telling is a transaction that
/// takes a lock of the whole server, and nobody in this process waits for it.
const REST_AFTER_TELLING: Duration = Duration::from_millis(5);

/// The two tasks and their connections; they end when this is dropped.
pub(super) struct Signals {
    committed: watch::Sender<()>,
    connections: PgPool,
    tasks: TaskTracker,
    stop: DropGuard,
}

impl Signals {
    /// Starts both tasks; when it returns, this process already hears of others' commits.
    pub(super) async fn start(
        target: PgConnectOptions,
        notices: broadcast::Sender<CommitNotice>,
    ) -> Result<Self, Error> {
        let connections = PgPoolOptions::new().max_connections(CONNECTIONS).connect_lazy_with(target);
        let listener = listen(&connections).await?;
        let this_process = Uuid::now_v7().to_string();
        let (committed, commits) = watch::channel(());
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(tell(connections.clone(), commits, this_process.clone(), stop.clone()));
        let hearing = hear(connections.clone(), listener, notices, this_process);
        tasks.spawn(stop.clone().run_until_cancelled_owned(hearing));
        tasks.close();
        Ok(Self { committed, connections, tasks, stop: stop.drop_guard() })
    }

    /// Has the other processes told, soon and once for all that is still untold.
    pub(super) fn committed(&self) {
        self.committed.send_replace(());
    }

    /// Tells what is still untold, then lets go of both connections.
    pub(super) async fn stop(&self) {
        self.stop.token().cancel();
        self.tasks.wait().await;
        self.connections.close().await;
    }
}

async fn tell(
    connections: PgPool,
    mut commits: watch::Receiver<()>,
    this_process: String,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            biased;
            changed = commits.changed() => if changed.is_err() { return },
            () = stop.cancelled() => return,
        }
        let notify = query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(&this_process);
        if let Err(error) = notify.execute(&connections).await {
            tracing::warn!(%error, "other processes were not told of a commit and find it later");
        }
        tokio::select! {
            () = tokio::time::sleep(REST_AFTER_TELLING) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn hear(
    connections: PgPool,
    mut listener: PgListener,
    notices: broadcast::Sender<CommitNotice>,
    this_process: String,
) {
    loop {
        match listener.try_recv().await {
            Ok(Some(notification)) if notification.payload() == this_process => {}
            // Nothing received means: connected again, and something may have been missed.
            Ok(_) => drop(notices.send(CommitNotice::Elsewhere)),
            Err(error) => {
                tracing::warn!(%error, "cannot hear of other processes' commits for now");
                listener = listen_again(&connections).await;
                drop(notices.send(CommitNotice::Elsewhere));
            }
        }
    }
}

async fn listen_again(connections: &PgPool) -> PgListener {
    loop {
        tokio::time::sleep(RECONNECT_PAUSE).await;
        match listen(connections).await {
            Ok(listener) => return listener,
            Err(error) => tracing::debug!(%error, "still cannot listen"),
        }
    }
}

async fn listen(connections: &PgPool) -> Result<PgListener, Error> {
    let mut listener = PgListener::connect_with(connections).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

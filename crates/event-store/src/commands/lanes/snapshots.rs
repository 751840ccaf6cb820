//! Snapshots are written beside the lanes: they are a cache, and no lane waits for one. In SQLite, which has one writer,
//! they take their turn between two commits.

use std::sync::Arc;

use domain::Aggregate;
use tokio::sync::mpsc;

use crate::repository::{Repository, Versioned};
use crate::snapshot::Snapshot;
use crate::store::EventStore;
use crate::stream::Version;

/// Snapshots that may wait; one more is left out, and the next one of its stream makes up for it.
const QUEUE: usize = 512;

/// Takes snapshots that are due.
pub(super) struct SnapshotKeeper<A> {
    repository: Repository<A>,
    queue: mpsc::Sender<Snapshot>,
}

impl<A> Clone for SnapshotKeeper<A> {
    fn clone(&self) -> Self {
        Self { repository: self.repository.clone(), queue: self.queue.clone() }
    }
}

/// Starts the task that writes; it ends with the last keeper.
pub(super) fn start<A: Aggregate>(repository: &Repository<A>) -> SnapshotKeeper<A> {
    let (queue, waiting) = mpsc::channel(QUEUE);
    tokio::spawn(write(Arc::clone(&repository.store), waiting));
    SnapshotKeeper { repository: repository.clone(), queue }
}

async fn write(store: Arc<dyn EventStore>, mut waiting: mpsc::Receiver<Snapshot>) {
    let mut snapshots = Vec::new();
    while waiting.recv_many(&mut snapshots, QUEUE).await > 0 {
        let count = snapshots.len();
        if let Err(failure) = store.save_snapshots(std::mem::take(&mut snapshots)).await {
            tracing::warn!(count, %failure, "snapshots were not kept");
        }
    }
}

impl<A: Aggregate> SnapshotKeeper<A> {
    /// Keeps a snapshot of `after` if one is due since the version `before`.
    pub(super) fn keep_if_due(&self, before: Version, after: &Versioned<A>) {
        if let Some(snapshot) = self.repository.snapshot_due(before, after) {
            // A full queue leaves this one out.
            let _ = self.queue.try_send(snapshot);
        }
    }
}

//! What the log, its writer and its members share: the state in memory and the connections for reading.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::SqlitePool;
use tokio::sync::Notify;

use super::database;
use super::groups::{Groups, Slot};
use super::topics::Topics;
use crate::bus::BusError;

pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) readers: SqlitePool,
    /// Rung when an offset was stored that the database does not have yet.
    pub(super) offsets_changed: Notify,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) topics: Topics,
    pub(super) groups: Groups,
    /// No message comes any more.
    pub(super) closed: bool,
}

impl Shared {
    pub(super) fn new(readers: SqlitePool) -> Self {
        Self { state: Mutex::default(), readers, offsets_changed: Notify::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads from the database where topics end and how far groups are.
    pub(super) async fn load(&self) -> Result<(), BusError> {
        let heads = database::heads(&self.readers).await?;
        let offsets = database::offsets(&self.readers).await?;
        let mut state = self.lock();
        state.topics.adopt(heads);
        for (group, topic, partition, next_offset) in offsets {
            state.groups.adopt_offset(&group, (topic, partition), next_offset);
        }
        Ok(())
    }

    /// Ends all members' waiting.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.groups.wake_all();
    }
}

impl State {
    /// All partitions of `topics`.
    pub(super) fn slots(&self, topics: &[&str]) -> Result<BTreeSet<Slot>, BusError> {
        let mut slots = BTreeSet::new();
        for name in topics {
            let topic = self.topics.get(name).ok_or_else(|| unknown_topic(name))?;
            slots.extend(topic.partitions().map(|partition| ((*name).to_owned(), partition)));
        }
        Ok(slots)
    }
}

pub(super) fn unknown_topic(name: &str) -> BusError {
    BusError::Failed(format!("there is no topic `{name}`"))
}

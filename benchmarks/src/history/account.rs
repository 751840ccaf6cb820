//! An account with a long history, written as fast as the store takes it.

use std::sync::Arc;

use domain::Aggregate;
use domain::account::{Account, AccountEvent};
use event_store::{CommandContext, EventStore, IdAndVersion, Repository, SystemClock, Version};
use uuid::Uuid;

use crate::workload::{EventType, Work};

/// So many events are appended in one commit.
const EVENTS_A_COMMIT: u32 = 1000;

/// An account with a long history.
pub(super) struct Long {
    pub(super) id: Uuid,
    /// How many there are.
    pub(super) events: u32,
}

impl Long {
    /// Writes an account with `events` events into `store`. Its last snapshot is `tail` events before its end, so
    /// that there is none when it has no more events than that.
    pub(super) async fn write(store: Arc<dyn EventStore>, events: u32, tail: u32) -> anyhow::Result<Self> {
        let mut writing = Writing::new()?;
        // Each commit leaves a snapshot, without which the next one would replay everything before it.
        let with_snapshots = Repository::new(Arc::clone(&store), Arc::new(SystemClock), 1);
        let without = Repository::new(store, Arc::new(SystemClock), 0);
        writing.append(&with_snapshots, events.saturating_sub(tail)).await?;
        writing.append(&without, events.min(tail)).await?;
        Ok(Self { id: writing.target.id, events })
    }
}

struct Writing {
    work: Work,
    state: Account,
    target: IdAndVersion,
}

impl Writing {
    fn new() -> anyhow::Result<Self> {
        let target = IdAndVersion { id: Uuid::now_v7(), version: Version::NONE };
        Ok(Self { work: Work::new(EventType::Beside)?, state: Account::default(), target })
    }

    async fn append(&mut self, repository: &Repository<Account>, events: u32) -> anyhow::Result<()> {
        let mut left = events;
        while left > 0 {
            let count = left.min(EVENTS_A_COMMIT);
            let events = (0..count).map(|_| self.next()).collect::<anyhow::Result<Vec<_>>>()?.concat();
            let context = CommandContext::new(Uuid::now_v7());
            self.target = if self.target.version == Version::NONE {
                repository.save(events, Some(self.target.id), context).await?
            } else {
                repository.update(self.target, events, context).await?
            };
            left -= count;
        }
        Ok(())
    }

    fn next(&mut self) -> anyhow::Result<Vec<AccountEvent>> {
        let command = match self.state.opened() {
            None => self.work.open(self.target.id),
            Some(_) => self.work.deposit(),
        };
        let events = self.state.decide(&command)?;
        self.state = std::mem::take(&mut self.state).fold(&events);
        Ok(events)
    }
}

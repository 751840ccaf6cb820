//! One of the many who send commands at once, whoever carries them out.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::driver::{Step, Worker};
use crate::workload::DEPOSITS_PER_ACCOUNT;

/// How many accounts all workers share when they work on hot ones.
pub(crate) const HOT_ACCOUNTS: usize = 8;

/// A contender that carries out one command at a time for whoever asks. Each command gives one event and says how
/// often it had to be tried again because another one was faster.
#[async_trait]
pub(crate) trait Accounts: Send + Sync + 'static {
    /// Opens the account `id`.
    async fn open(&self, id: Uuid) -> anyhow::Result<u64>;
    /// Pays into the account `id`.
    async fn deposit(&self, id: Uuid) -> anyhow::Result<u64>;
    /// Lets go of its connections.
    async fn close(&self);
}

/// Workers that each open accounts of their own.
pub(crate) fn workers(accounts: &Arc<dyn Accounts>, count: usize) -> Vec<Box<dyn Worker>> {
    let worker = |_| -> Box<dyn Worker> {
        Box::new(OwnAccounts { accounts: Arc::clone(accounts), id: Uuid::nil(), deposits_left: 0 })
    };
    (0..count).map(worker).collect()
}

/// Workers that all pay into the same few accounts, which are opened here.
pub(crate) async fn hot_workers(
    accounts: &Arc<dyn Accounts>,
    count: usize,
) -> anyhow::Result<Vec<Box<dyn Worker>>> {
    let ids: [Uuid; HOT_ACCOUNTS] = std::array::from_fn(|_| Uuid::now_v7());
    for id in ids {
        accounts.open(id).await?;
    }
    let worker = |number| -> Box<dyn Worker> {
        Box::new(HotAccounts { accounts: Arc::clone(accounts), ids, next: number })
    };
    Ok((0..count).map(worker).collect())
}

struct OwnAccounts {
    accounts: Arc<dyn Accounts>,
    id: Uuid,
    deposits_left: u32,
}

#[async_trait]
impl Worker for OwnAccounts {
    async fn step(&mut self) -> anyhow::Result<Step> {
        let retries = if self.deposits_left == 0 {
            self.id = Uuid::now_v7();
            self.deposits_left = DEPOSITS_PER_ACCOUNT;
            self.accounts.open(self.id).await?
        } else {
            self.deposits_left -= 1;
            self.accounts.deposit(self.id).await?
        };
        Ok(Step { commands: 1, retries })
    }
}

struct HotAccounts {
    accounts: Arc<dyn Accounts>,
    ids: [Uuid; HOT_ACCOUNTS],
    next: usize,
}

#[async_trait]
impl Worker for HotAccounts {
    async fn step(&mut self) -> anyhow::Result<Step> {
        let id = self.ids[self.next % HOT_ACCOUNTS];
        self.next += 1;
        Ok(Step { commands: 1, retries: self.accounts.deposit(id).await? })
    }
}

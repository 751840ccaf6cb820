//! Who is measured. All do the same work ([`crate::workload`]); each keeps it in its own way.

mod again;
mod cqrs_es;
mod esrs;
pub(crate) mod handwritten;
mod own;
mod pool08;
pub(crate) mod processes;
mod raw;
pub(crate) mod sqlite_by_hand;

use std::sync::Arc;

use anyhow::ensure;
use clap::ValueEnum;
use serde::Serialize;

pub(crate) use own::{Own, SNAPSHOT_EVERY, Way};

use crate::account_worker::{Accounts, hot_workers, workers};
use crate::driver::{Measured, Timing, Worker, drive};
use crate::plan::Load;
use crate::postgres::Database;
use crate::retries;

/// The most connections that a contender who is not ours may have.
pub(crate) const MOST_CONNECTIONS: usize = 64;

/// A contender on PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Contender {
    /// Our store: what waits at the same time is committed together
    Lanes,
    /// Our store in two processes, each with as many commands under way, on accounts of its own
    TwoProcesses,
    /// Our store, each command committed by itself
    Direct,
    /// The crates cqrs-es and postgres-es
    CqrsEs,
    /// The crate esrs
    Esrs,
    /// SQL by hand: one SELECT, one INSERT, and again when another one was faster
    Handwritten,
    /// The limit for everything that our store writes: 100 events a commit, 4 connections
    Raw,
    /// The same for our table of events alone
    RawEvents,
}

impl Contender {
    /// Those who carry out one command at a time.
    pub(crate) const SINGLE: [Self; 5] =
        [Self::Lanes, Self::Direct, Self::CqrsEs, Self::Esrs, Self::Handwritten];
    /// The load of the two processes, each.
    pub(crate) const PAIR: (Self, Load) = (Self::TwoProcesses, Load::InFlight(64));
    /// Those who write the same rows without any command.
    pub(crate) const RAW: [Self; 2] = [Self::Raw, Self::RawEvents];
    /// Rust crates for event sourcing.
    pub(crate) const CRATES: [Self; 2] = [Self::CqrsEs, Self::Esrs];
    /// Whom the targets are about.
    pub(crate) const OURS: Self = Self::Lanes;

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lanes => "lanes",
            Self::TwoProcesses => "two processes",
            Self::Direct => "direct",
            Self::CqrsEs => "cqrs-es",
            Self::Esrs => "esrs",
            Self::Handwritten => "handwritten",
            Self::Raw => "raw",
            Self::RawEvents => "raw-events",
        }
    }

    /// Works under `load` in `database`, which is empty.
    ///
    /// # Errors
    /// When the work fails, or when the table does not hold as many events as were acknowledged.
    pub(crate) async fn measure(
        self,
        database: &Database,
        load: Load,
        timing: Timing,
    ) -> anyhow::Result<Measured> {
        retries::take();
        let mut measured = match self.accounts(database, load).await? {
            None if self == Self::TwoProcesses => {
                processes::measure(database, load.in_flight(), timing).await?
            }
            Some(accounts) => {
                let measured = drive(workers_for(&accounts, load).await?, timing).await?;
                accounts.close().await;
                measured
            }
            None => drive(self.raw_workers(database).await?, timing).await?,
        };
        measured.retries += retries::take();
        let expected = measured.acknowledged + load.events_before();
        let stored = database.count(self.events_table()).await?;
        ensure!(
            stored == expected,
            "{} acknowledged {expected} events and stored {stored}, so its figures mean nothing",
            self.name()
        );
        Ok(measured)
    }

    async fn accounts(self, database: &Database, load: Load) -> anyhow::Result<Option<Arc<dyn Accounts>>> {
        let connections = load.in_flight().min(MOST_CONNECTIONS);
        Ok(Some(match self {
            Self::Lanes => Arc::new(Own::open(&database.url(), Way::Lanes).await?),
            Self::Direct => Arc::new(Own::open(&database.url(), Way::Direct).await?),
            Self::CqrsEs => Arc::new(cqrs_es::CqrsEs::open(database, connections, load).await?),
            Self::Esrs => Arc::new(esrs::Esrs::open(database, connections).await?),
            Self::Handwritten => Arc::new(handwritten::Handwritten::open(database, connections).await?),
            Self::TwoProcesses | Self::Raw | Self::RawEvents => return Ok(None),
        }))
    }

    async fn raw_workers(self, database: &Database) -> anyhow::Result<Vec<Box<dyn Worker>>> {
        let statement = if self == Self::Raw { raw::EVERYTHING } else { raw::EVENTS };
        raw::workers(database, statement).await
    }

    fn events_table(self) -> &'static str {
        if self == Self::Esrs { "account_events" } else { "events" }
    }
}

/// The workers that send so many commands at once.
///
/// # Errors
/// When the hot accounts cannot be opened.
pub(crate) async fn workers_for(
    accounts: &Arc<dyn Accounts>,
    load: Load,
) -> anyhow::Result<Vec<Box<dyn Worker>>> {
    if load == Load::Hot {
        return hot_workers(accounts, load.in_flight()).await;
    }
    Ok(workers(accounts, load.in_flight()))
}

//! Sends transfers for a while and takes their times.
//!
//! Three of four wait for their end in the same request. Every fourth only asks to be accepted; whether it has completed
//! is looked up after a later one has, so that nothing polls.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;

use crate::bank::{Bank, Until};
use crate::driver::micros;
use crate::report::statistics::percentile;

/// One of so many transfers only asks to be accepted.
const ACCEPTED_ONE_OF: usize = 4;
/// How long the last ones may take, and how often they are looked at; nothing is measured any more.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(5);

/// What decides when a transfer is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pace {
    /// The answer to the one before it, of so many at once.
    InFlight(u32),
    /// The clock.
    PerSecond(f64),
}

/// Transfers between accounts for a while.
pub(super) struct Load {
    pub(super) bank: Bank,
    pub(super) accounts: Arc<[String]>,
    pub(super) pace: Pace,
    pub(super) warm_up: Duration,
    pub(super) time: Duration,
}

/// What a load came to.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Measured {
    /// `full` or `half`.
    pub load: &'static str,
    /// Transfers that were due each second, when the clock decided.
    pub due_per_second: Option<f64>,
    /// How long it was measured.
    pub seconds: f64,
    /// Transfers of which the bank said within that time that it has accepted them.
    pub accepted_per_second: f64,
    /// Transfers of which it said that they have completed.
    pub completed_per_second: f64,
    /// Until a transfer was accepted.
    pub accepted: Latency,
    /// Until it was completed.
    pub completed: Latency,
}

/// Latency in milliseconds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Latency {
    /// How often it was measured.
    pub count: usize,
    /// Half of them were faster.
    pub p50_ms: f64,
    /// See `p50_ms`.
    pub p95_ms: f64,
    /// See `p50_ms`.
    pub p99_ms: f64,
}

impl Load {
    /// Runs, waits until every transfer has completed, and says how many there were.
    ///
    /// # Errors
    /// When the bank refuses one or does not complete it.
    pub(super) async fn run(self) -> anyhow::Result<(Measured, u64)> {
        let from = Instant::now() + self.warm_up;
        let seconds = self.time.as_secs_f64();
        let sending = Arc::new(Sending {
            bank: self.bank,
            accounts: self.accounts,
            from,
            to: from + self.time,
            next: AtomicUsize::new(0),
            tally: Mutex::default(),
        });
        match self.pace {
            Pace::InFlight(count) => sending.one_after_the_other(count).await?,
            Pace::PerSecond(rate) => sending.by_the_clock(rate).await?,
        }
        sending.settle().await?;
        let sent = sending.next.load(Ordering::Relaxed) as u64;
        let tally = std::mem::take(&mut *sending.tally());
        Ok((tally.measured(self.pace, seconds), sent))
    }
}

/// A load under way.
struct Sending {
    bank: Bank,
    accounts: Arc<[String]>,
    from: Instant,
    to: Instant,
    /// The number of the next transfer.
    next: AtomicUsize,
    tally: Mutex<Tally>,
}

impl Sending {
    async fn one_after_the_other(self: &Arc<Self>, in_flight: u32) -> anyhow::Result<()> {
        let client = |sending: Arc<Self>| async move {
            loop {
                let now = Instant::now();
                if now >= sending.to {
                    return Ok(());
                }
                sending.send(now).await?;
            }
        };
        let mut clients: JoinSet<anyhow::Result<()>> =
            (0..in_flight).map(|_| client(Arc::clone(self))).collect();
        while let Some(ended) = clients.join_next().await {
            ended??;
        }
        Ok(())
    }

    async fn by_the_clock(self: &Arc<Self>, per_second: f64) -> anyhow::Result<()> {
        anyhow::ensure!(per_second > 0.0, "no transfer completed at full load: give it more --seconds");
        let begun = Instant::now();
        let mut under_way: JoinSet<anyhow::Result<()>> = JoinSet::new();
        for number in 0_u32.. {
            let due = begun + due_after(number, per_second);
            if due >= self.to {
                break;
            }
            tokio::time::sleep_until(due.into()).await;
            let sending = Arc::clone(self);
            under_way.spawn(async move { sending.send(due).await });
            while let Some(ended) = under_way.try_join_next() {
                ended??;
            }
        }
        while let Some(ended) = under_way.join_next().await {
            ended??;
        }
        Ok(())
    }

    /// Sends the next transfer; its time began at `due`.
    async fn send(&self, due: Instant) -> anyhow::Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let until = if number.is_multiple_of(ACCEPTED_ONE_OF) { Until::Accepted } else { Until::Completed };
        let (from, to) = pair(number, self.accounts.len());
        let transfer = self.bank.transfer(&self.accounts[from], &self.accounts[to], until).await?;
        if let Some(earlier) = self.answered(transfer.id, until, due) {
            self.look_up(earlier).await?;
        }
        Ok(())
    }

    /// Counts an answer; gives an earlier transfer that may have completed by now.
    fn answered(&self, id: String, until: Until, due: Instant) -> Option<String> {
        let now = Instant::now();
        let latency = (due >= self.from).then(|| micros(now - due));
        let is_measured = u64::from(self.measures(now));
        let mut tally = self.tally();
        tally.accepted += is_measured;
        if until == Until::Accepted {
            tally.accepted_after.extend(latency);
            tally.open.push_back(id);
            return None;
        }
        tally.completed += is_measured;
        tally.completed_after.extend(latency);
        tally.open.pop_front()
    }

    /// Counts the transfer if it has completed, and says whether it has.
    async fn look_up(&self, id: String) -> anyhow::Result<bool> {
        let has_completed = self.bank.find_transfer(&id).await?.has_completed()?;
        let is_measured = u64::from(self.measures(Instant::now()));
        let mut tally = self.tally();
        if has_completed {
            tally.completed += is_measured;
        } else {
            tally.open.push_back(id);
        }
        Ok(has_completed)
    }

    /// Waits for those that nobody has seen complete.
    async fn settle(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let Some(id) = self.tally().open.pop_front() else {
                return Ok(());
            };
            if !self.look_up(id).await? {
                anyhow::ensure!(begun.elapsed() < PATIENCE, "some transfers do not end");
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    fn measures(&self, now: Instant) -> bool {
        (self.from..=self.to).contains(&now)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was counted.
#[derive(Debug, Default)]
struct Tally {
    accepted: u64,
    completed: u64,
    /// In microseconds.
    accepted_after: Vec<u32>,
    completed_after: Vec<u32>,
    /// Accepted, and not yet seen to have completed.
    open: VecDeque<String>,
}

impl Tally {
    fn measured(self, pace: Pace, seconds: f64) -> Measured {
        let (load, due_per_second) = match pace {
            Pace::InFlight(_) => ("full", None),
            Pace::PerSecond(rate) => ("half", Some(rate)),
        };
        Measured {
            load,
            due_per_second,
            seconds,
            accepted_per_second: self.accepted as f64 / seconds,
            completed_per_second: self.completed as f64 / seconds,
            accepted: Latency::of(self.accepted_after),
            completed: Latency::of(self.completed_after),
        }
    }
}

impl Latency {
    fn of(mut micros: Vec<u32>) -> Self {
        micros.sort_unstable();
        let at = |percent| f64::from(percentile(&micros, percent)) / 1000.0;
        Self { count: micros.len(), p50_ms: at(50), p95_ms: at(95), p99_ms: at(99) }
    }
}

impl Measured {
    /// Its row in the table.
    pub(super) fn row(&self) -> Vec<String> {
        let mut row = vec![
            self.load.to_owned(),
            self.due_per_second.map_or("–".to_owned(), |rate| format!("{rate:.0}")),
            format!("{:.0}", self.accepted_per_second),
            format!("{:.0}", self.completed_per_second),
        ];
        for Latency { p50_ms, p95_ms, p99_ms, .. } in [&self.accepted, &self.completed] {
            row.extend([p50_ms, p95_ms, p99_ms].map(|ms| format!("{ms:.2}")));
        }
        row
    }
}

/// Between which two of `count` accounts the transfer `number` moves money: every account sends and receives as much as
/// every other one, and every pair has its turn.
fn pair(number: usize, count: usize) -> (usize, usize) {
    let from = number % count;
    let distance = 1 + (number / count) % (count - 1);
    (from, (from + distance) % count)
}

/// How long after the first one the transfer `number` is due.
fn due_after(number: u32, per_second: f64) -> Duration {
    Duration::from_secs_f64(f64::from(number) / per_second)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_account_has_its_turn_with_every_other_one() {
        let pairs: Vec<_> = (0..20 * 19).map(|number| pair(number, 20)).collect();
        assert!(pairs.iter().all(|(from, to)| from != to));
        assert_eq!(pairs.iter().collect::<HashSet<_>>().len(), 20 * 19);
        assert_eq!(pair(5, 2), (1, 0));
    }

    #[test]
    fn the_clock_does_not_drift() {
        assert_eq!(due_after(0, 300.0), Duration::ZERO);
        assert_eq!(due_after(300_000, 300.0), Duration::from_secs(1000));
        assert_eq!(due_after(1, 4.0), Duration::from_millis(250));
    }

    #[test]
    fn a_rate_counts_what_was_seen_within_the_time() {
        let tally = Tally {
            accepted: 30,
            completed: 20,
            accepted_after: vec![3000, 1000],
            completed_after: vec![9000],
            open: VecDeque::new(),
        };
        let measured = tally.measured(Pace::PerSecond(15.0), 2.0);
        assert_eq!((measured.accepted_per_second, measured.completed_per_second), (15.0, 10.0));
        assert_eq!((measured.accepted.p50_ms, measured.accepted.p99_ms), (1.0, 3.0));
        assert_eq!((measured.completed.count, measured.completed.p50_ms), (1, 9.0));
    }
}

//! `history`: how long an account takes to load, by the length of its history, with a snapshot and without.
//!
//! A load with a snapshot reads the snapshot and the events after it: `--tail` of them, by default half of the
//! services' interval between two snapshots, which is what a load meets on average. An account shorter than its
//! tail has no snapshot, as in the bank.

mod account;
mod backend;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use domain::account::Account;
use event_store::{Repository, Version};
use serde::Serialize;

use crate::contender::SNAPSHOT_EVERY;
use crate::files;
use crate::machine::Fact;
use crate::postgres::with_server;
use crate::progress::Progress;
use crate::report::chart::{Chart, Group};
use crate::report::goal::{Better, Goal, Unit};
use crate::report::statistics::{percentile, ratio};
use crate::report::table::Table;
use crate::report::{Output, Report};
use account::Long;
use backend::Backend;

/// The most loads that are measured for one figure.
const MOST_LOADS: usize = 20_000;
const HEADINGS: [&str; 6] = ["backend", "events", "snapshot", "loads", "p50 ms", "p95 ms"];

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The PostgreSQL server, where databases may be created: postgres://user:password@host:port/postgres
    #[arg(long, env = "BANK_TEST_POSTGRES_URL", hide_env_values = true, value_name = "URL")]
    postgres: Option<String>,
    /// A folder on the disk that is to be measured
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// Which stores are measured
    #[arg(long, value_enum, value_delimiter = ',', default_value = "postgres,sqlite")]
    backends: Vec<Kind>,
    /// The lengths of the accounts' histories; the last of a million takes a minute to write and 2 GB to load whole
    #[arg(long, value_delimiter = ',', default_value = "10,10000,1000000", value_parser = clap::value_parser!(u32).range(1..))]
    events: Vec<u32>,
    /// Events after the last snapshot
    #[arg(long, default_value_t = SNAPSHOT_EVERY / 2)]
    tail: u32,
    /// Seconds that each account is loaded again and again; it is loaded once in any case
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    #[command(flatten)]
    output: Output,
}

/// A store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Postgres,
    Sqlite,
}

/// How long one account takes to load.
#[derive(Debug, Clone, Serialize)]
struct Loaded {
    backend: Kind,
    events: u32,
    snapshot: bool,
    /// How often it was loaded.
    loads: usize,
    /// Milliseconds.
    p50_ms: f64,
    /// Milliseconds.
    p95_ms: f64,
}

/// Measures and reports.
///
/// # Errors
/// When a store cannot be opened, fails, or gives another version than was written.
pub(crate) async fn run(mut args: Args) -> anyhow::Result<()> {
    args.events.sort_unstable();
    args.events.dedup();
    let progress = Progress::new(args.backends.len() * args.events.len() * 3);
    let (mut loaded, mut facts) =
        (Vec::new(), vec![Fact::new("events after the snapshot", args.tail.to_string())]);
    for &kind in &args.backends {
        let (found, about) = match kind {
            Kind::Postgres => on_postgres(&args, &progress).await?,
            Kind::Sqlite => on_sqlite(&args, &progress).await?,
        };
        loaded.extend(found);
        facts.extend(about);
    }
    drop(progress);
    let table = Table::new(&HEADINGS, loaded.iter().map(Loaded::row));
    let goals = args.backends.iter().map(|&kind| goal(kind, &args.events, &loaded)).collect();
    let chart = chart(&args.events, &loaded);
    Report::new("history", loaded, goals, facts).give(&args.output, &table, &chart)
}

type Found = (Vec<Loaded>, Vec<Fact>);

async fn on_postgres(args: &Args, progress: &Progress) -> anyhow::Result<Found> {
    let url = args.postgres.as_deref().context(
        "which PostgreSQL server? Give --postgres URL, or run: eval \"$(scripts/backing-services env)\"",
    )?;
    with_server(url, async |server| {
        let backend = Backend::postgres(server).await?;
        let loaded = measure(Kind::Postgres, &backend, args, progress).await?;
        backend.store().close().await;
        Ok((loaded, server.facts().await?))
    })
    .await
}

async fn on_sqlite(args: &Args, progress: &Progress) -> anyhow::Result<Found> {
    files::with_folder(&args.dir, async |dir| {
        let backend = Backend::sqlite(dir).await?;
        let loaded = measure(Kind::Sqlite, &backend, args, progress).await?;
        backend.store().close().await;
        Ok((loaded, backend.facts().await?))
    })
    .await
}

async fn measure(
    kind: Kind,
    backend: &Backend,
    args: &Args,
    progress: &Progress,
) -> anyhow::Result<Vec<Loaded>> {
    let mut accounts = Vec::new();
    for &events in &args.events {
        let what = format!("{} writes an account with {events} events", kind.name());
        progress.begin(what.clone());
        accounts.push(Long::write(backend.store(), events, args.tail).await?);
        progress.end(&what);
    }
    backend.settle().await?;
    let mut found = Vec::new();
    for snapshot in [true, false] {
        if !snapshot {
            backend.forget_snapshots().await?;
        }
        for account in &accounts {
            let what = format!("{} loads {} events", kind.name(), account.events);
            progress.begin(what.clone());
            let times = load(&backend.repository(), account, Duration::from_secs(args.seconds)).await?;
            let loaded = Loaded::new(kind, account, snapshot, &times);
            let how = if snapshot { "with snapshots" } else { "without snapshots" };
            progress.end(&format!("{what} {how}: p50 {:.2} ms", loaded.p50_ms));
            found.push(loaded);
        }
    }
    Ok(found)
}

/// The times of loads in microseconds, sorted. The first load, which only warms the caches up, is not among them
/// unless it took all the time that there is.
async fn load(repository: &Repository<Account>, account: &Long, time: Duration) -> anyhow::Result<Vec<u32>> {
    let begun = Instant::now();
    let mut times = Vec::new();
    let mut is_warm = false;
    while times.len() < MOST_LOADS && (times.is_empty() || begun.elapsed() < time) {
        let started = Instant::now();
        let found = repository.find(account.id).await?;
        let taken = started.elapsed();
        ensure!(
            found.version == Version(i64::from(account.events)),
            "an account with {} events was loaded at version {}",
            account.events,
            found.version
        );
        if is_warm || taken > time {
            times.push(u32::try_from(taken.as_micros()).unwrap_or(u32::MAX));
        }
        is_warm = true;
    }
    times.sort_unstable();
    Ok(times)
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }
}

impl Loaded {
    fn new(backend: Kind, account: &Long, snapshot: bool, times: &[u32]) -> Self {
        let at = |percent| f64::from(percentile(times, percent)) / 1000.0;
        Self { backend, events: account.events, snapshot, loads: times.len(), p50_ms: at(50), p95_ms: at(95) }
    }

    fn row(&self) -> Vec<String> {
        vec![
            self.backend.name().to_owned(),
            self.events.to_string(),
            if self.snapshot { "yes" } else { "no" }.to_owned(),
            self.loads.to_string(),
            format!("{:.3}", self.p50_ms),
            format!("{:.3}", self.p95_ms),
        ]
    }
}

/// The longest account against the shortest one, with snapshots.
fn goal(kind: Kind, events: &[u32], loaded: &[Loaded]) -> Goal {
    let (shortest, longest) = (events.first().copied().unwrap_or(0), events.last().copied().unwrap_or(0));
    let time_of = |events| {
        let mut of_kind = loaded.iter().filter(|loaded| loaded.backend == kind && loaded.snapshot);
        of_kind.find(|loaded| loaded.events == events).map(|loaded| loaded.p50_ms)
    };
    let measured = time_of(longest).zip(time_of(shortest)).and_then(|(long, short)| ratio(long, short));
    let what = format!("{}: load of {longest} events over {shortest}, with snapshots", kind.name());
    Goal::new(&what, (Unit::Times, Better::Lower), (2.0, 1.2), measured)
}

fn chart(events: &[u32], loaded: &[Loaded]) -> Chart {
    let bar = |loaded: &Loaded| {
        let how = if loaded.snapshot { "with snapshots" } else { "without" };
        (format!("{}, {how}", loaded.backend.name()), loaded.p50_ms)
    };
    let group = |&events: &u32| Group {
        name: format!("{events} events"),
        bars: loaded.iter().filter(|loaded| loaded.events == events).map(bar).collect(),
    };
    Chart {
        title: "Time to load an account".to_owned(),
        unit: "ms (p50)",
        groups: events.iter().map(group).collect(),
    }
}

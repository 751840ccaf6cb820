//! `transfers`: how many transfers a second the bank completes over HTTP, and how long one takes at half of that.
//!
//! At full load `--in-flight` clients send one transfer after the other. At half load transfers are sent at fixed
//! times, whatever the bank does, and each is timed from when it was due, so that a pause of the bank counts for all
//! that should have been sent meanwhile. In the end every transfer must have moved its cent exactly once.

mod check;
mod load;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::value_parser;
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::bank::{Bank, believe, operator_token};
use crate::files;
use crate::machine::Fact;
use crate::progress::Progress;
use crate::report::chart::{Chart, Group};
use crate::report::goal::{Better, Goal, Unit};
use crate::report::table::Table;
use crate::report::{Output, Report};
use crate::service::{Probe, Service, built, release_dir};
use load::{Load, Measured, Pace};

/// What is paid into each account: more than it can ever be asked for.
const INITIAL_BALANCE: u64 = 1_000_000_000;
/// Accounts that are opened at once.
const OPENINGS: usize = 16;
const HEADINGS: [&str; 10] = [
    "load",
    "due/s",
    "accepted/s",
    "completed/s",
    "accepted p50 ms",
    "p95 ms",
    "p99 ms",
    "completed p50 ms",
    "p95 ms",
    "p99 ms",
];

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A bank that runs, such as the gateway of scripts/distributed; without it an embedded one is started
    #[arg(long, conflicts_with_all = ["bank", "dir"])]
    url: Option<String>,
    /// An operator's access token for it, as `bank token --operator NAME` prints it
    #[arg(long, env = "BANK_TOKEN", hide_env_values = true, requires = "url")]
    token: Option<String>,
    /// The release build of `bank` that is started; by default the one in CARGO_TARGET_DIR or in target
    #[arg(long, value_name = "FILE")]
    bank: Option<PathBuf>,
    /// A folder on the disk that is to be measured
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// Accounts between which the money moves
    #[arg(long, default_value_t = 200, value_parser = value_parser!(u32).range(2..=100_000))]
    accounts: u32,
    /// Transfers that are under way at once at full load
    #[arg(long, default_value_t = 64, value_parser = value_parser!(u32).range(1..=1000))]
    in_flight: u32,
    /// Seconds that each load is measured
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Seconds that each load lasts before, unmeasured
    #[arg(long, default_value_t = 2, value_parser = value_parser!(u64).range(0..=3600))]
    warm_up: u64,
    #[command(flatten)]
    output: Output,
}

/// Measures and reports.
///
/// # Errors
/// When the bank cannot be started or reached, does not complete a transfer, or loses a cent.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let (measured, facts) = match &args.url {
        Some(url) => {
            let token =
                args.token.as_deref().context("the bank asks who calls: give --token or BANK_TOKEN")?;
            let measured = tokio::select! {
                measured = measure(url, token, &args) => measured?,
                _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
            };
            (measured, vec![Fact::new("bank", url.as_str())])
        }
        None => files::with_folder(&args.dir, async |dir| on_embedded_bank(dir, &args).await).await?,
    };
    let table = Table::new(&HEADINGS, measured.iter().map(Measured::row));
    let goals = goals(measured.last());
    let chart = chart(&measured);
    Report::new("transfers", measured, goals, facts).give(&args.output, &table, &chart)
}

async fn on_embedded_bank(dir: &Path, args: &Args) -> anyhow::Result<(Vec<Measured>, Vec<Fact>)> {
    let binary = args.bank.clone().unwrap_or_else(|| release_dir().join("bank"));
    let binary = built(binary, "cargo build --release -p bank")?;
    let data = dir.join("data").display().to_string();
    let keys = dir.join("token-keys");
    let token = operator_token(&keys)?;
    let arguments = [vec!["--data-dir".to_owned(), data], believe(&keys).to_vec()].concat();
    let bank = Service::start(&binary, &arguments, Probe::Ready, &dir.join("bank.log")).await?;
    let measured = measure(&bank.url, &token, args).await?;
    bank.stop().await?;
    let facts = vec![Fact::new("bank", "embedded, one process on SQLite"), files::fact(dir)];
    Ok((measured, facts))
}

async fn measure(url: &str, token: &str, args: &Args) -> anyhow::Result<Vec<Measured>> {
    let progress = Progress::new(4);
    let bank = Bank::at(url, token)?;
    progress.begin("opening accounts");
    let openings = stream::iter(0..args.accounts).map(|_| bank.open(INITIAL_BALANCE));
    let accounts: Vec<String> = openings.buffer_unordered(OPENINGS).try_collect().await?;
    progress.end(&format!("opened {} accounts", args.accounts));

    let (warm_up, time) = (Duration::from_secs(args.warm_up), Duration::from_secs(args.seconds));
    let load = |pace| Load { bank: bank.clone(), accounts: accounts.clone().into(), pace, warm_up, time };
    progress.begin("full load");
    let (full, sent_at_full) = load(Pace::InFlight(args.in_flight)).run().await?;
    progress.end(&format!("full load: {:.0} transfers/s", full.completed_per_second));
    progress.begin("half load");
    let (half, sent_at_half) = load(Pace::PerSecond(full.completed_per_second / 2.0)).run().await?;
    progress.end(&format!("half load: p50 {:.2} ms until completed", half.completed.p50_ms));
    progress.begin("checking that no cent is lost");
    check::nothing_is_lost(&bank, accounts.len() as u64, INITIAL_BALANCE, sent_at_full + sent_at_half)
        .await?;
    progress.end("no cent is lost");
    Ok(vec![full, half])
}

fn goals(half: Option<&Measured>) -> Vec<Goal> {
    let goal = |which, bounds, measured: Option<f64>| {
        let what = format!("transfer accepted to completed at half load: {which}");
        Goal::new(&what, (Unit::Milliseconds, Better::Lower), bounds, measured)
    };
    vec![
        goal("p50", (30.0, 15.0), half.map(|half| half.completed.p50_ms)),
        goal("p99", (150.0, 60.0), half.map(|half| half.completed.p99_ms)),
    ]
}

fn chart(measured: &[Measured]) -> Chart {
    let bars = |measured: &Measured| {
        let (accepted, completed) = (&measured.accepted, &measured.completed);
        vec![
            ("accepted, p50".to_owned(), accepted.p50_ms),
            ("accepted, p99".to_owned(), accepted.p99_ms),
            ("completed, p50".to_owned(), completed.p50_ms),
            ("completed, p99".to_owned(), completed.p99_ms),
        ]
    };
    let group = |measured: &Measured| Group {
        name: format!("{}: {:.0}/s", measured.load, measured.completed_per_second),
        bars: bars(measured),
    };
    Chart {
        title: "How long a transfer takes".to_owned(),
        unit: "ms",
        groups: measured.iter().map(group).collect(),
    }
}

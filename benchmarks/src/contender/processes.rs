//! Our store in two processes at once, on accounts that they do not share: what a second instance of a service adds.

use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::Args;
use tokio::process::Command;

use super::{Own, Way};
use crate::account_worker::{Accounts, workers};
use crate::driver::{Measured, Timing, drive};
use crate::postgres::Database;

const PROCESSES: usize = 2;
/// The argument that makes this program one of the two.
pub(crate) const ONE_OF_TWO: &str = "one-of-two";
/// In the environment, because arguments can be read by everybody on the machine.
const DATABASE: &str = "BENCHMARK_DATABASE_URL";

/// What one of the two is told.
#[derive(Debug, Args)]
pub(crate) struct OneOfTwo {
    /// Commands under way at once
    #[arg(long)]
    in_flight: usize,
    /// The database that both write to
    #[arg(long, env = DATABASE, hide_env_values = true)]
    database: String,
    #[command(flatten)]
    timing: Timing,
}

/// Both together, each with `in_flight` commands at once: the sum of their rates, the slower one's latency.
///
/// # Errors
/// When one of them cannot be started or fails.
pub(crate) async fn measure(
    database: &Database,
    in_flight: usize,
    timing: Timing,
) -> anyhow::Result<Measured> {
    // The tables are made before the race.
    Own::open(&database.url(), Way::Lanes).await?.close().await;
    let started = [(); PROCESSES].map(|()| start(database, in_flight, timing));
    let mut both: Option<Measured> = None;
    for running in started {
        let output = running?.wait_with_output().await?;
        ensure!(output.status.success(), "one of two processes ended with {}", output.status);
        let one: Measured =
            serde_json::from_slice(&output.stdout).context("one of two processes printed no figures")?;
        both = Some(match both {
            None => one,
            Some(other) => together(&other, &one),
        });
    }
    both.context("no process was started")
}

fn start(database: &Database, in_flight: usize, timing: Timing) -> anyhow::Result<tokio::process::Child> {
    let Timing { seconds, warm_up, commands, .. } = timing;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(ONE_OF_TWO).env(DATABASE, database.url()).stdout(Stdio::piped()).kill_on_drop(true);
    command.args([format!("--in-flight={in_flight}"), format!("--seconds={seconds}")]);
    command.args([format!("--warm-up={warm_up}"), format!("--commands={commands}")]);
    command.spawn().context("one of two processes cannot be started")
}

fn together(one: &Measured, two: &Measured) -> Measured {
    Measured {
        commands: one.commands + two.commands,
        seconds: one.seconds.max(two.seconds),
        per_second: one.per_second + two.per_second,
        p50_ms: one.p50_ms.max(two.p50_ms),
        p95_ms: one.p95_ms.max(two.p95_ms),
        p99_ms: one.p99_ms.max(two.p99_ms),
        retries: one.retries + two.retries,
        acknowledged: one.acknowledged + two.acknowledged,
    }
}

/// Works as one of the two, and prints what it measured as JSON.
///
/// # Errors
/// When the store cannot be opened, or fails.
pub(crate) async fn work(args: OneOfTwo) -> anyhow::Result<()> {
    let accounts: Arc<dyn Accounts> = Arc::new(Own::open(&args.database, Way::Lanes).await?);
    let measured = drive(workers(&accounts, args.in_flight), args.timing).await?;
    accounts.close().await;
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

//! What the bank is measured by: against the best that others reach on the same machine in the same run, or against
//! fixed bounds.
//!
//! Every figure comes with its target, with the machine that it was measured on, and with the command that repeats
//! it. A run that did not store what it acknowledged fails and has no figures.

mod account_worker;
mod bank;
mod commands;
mod contender;
mod driver;
mod embedded;
mod files;
mod history;
mod machine;
mod memory;
mod pipeline;
mod plan;
mod postgres;
mod progress;
mod report;
mod retries;
mod servers;
mod service;
mod transfers;
mod workload;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures the bank.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Debug, Subcommand)]
enum Benchmark {
    /// Commands a second on PostgreSQL: our store, Rust crates, hand-written SQL, and the raw limit
    Commands(commands::Args),
    /// Commands a second on SQLite: our store, and one transaction a command by hand
    Embedded(embedded::Args),
    /// How long an account takes to load, by the length of its history
    History(history::Args),
    /// Transfers a second over HTTP, and how long one takes at half of that
    Transfers(transfers::Args),
    /// Events a second from the store to the bus and into the views, and how late they come there
    Pipeline(pipeline::Args),
    /// How much memory each service needs, idle and with many accounts
    Memory(memory::Args),
    /// One of two processes that `commands` measures together
    #[command(hide = true, name = contender::processes::ONE_OF_TWO)]
    OneOfTwo(contender::processes::OneOfTwo),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().benchmark).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {}", in_one_line(&failure));
            ExitCode::FAILURE
        }
    }
}

/// The failure and its causes; some say themselves what caused them, and what is said is not said again.
fn in_one_line(failure: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in failure.chain().map(ToString::to_string) {
        if !line.contains(&cause) {
            let separator = if line.is_empty() { "" } else { ": " };
            line = format!("{line}{separator}{cause}");
        }
    }
    line
}

async fn run(benchmark: Benchmark) -> anyhow::Result<()> {
    retries::count()?;
    match benchmark {
        Benchmark::Commands(args) => commands::run(args).await,
        Benchmark::Embedded(args) => embedded::run(args).await,
        Benchmark::History(args) => history::run(args).await,
        Benchmark::Transfers(args) => transfers::run(args).await,
        Benchmark::Pipeline(args) => pipeline::run(args).await,
        Benchmark::Memory(args) => memory::run(args).await,
        Benchmark::OneOfTwo(args) => contender::processes::work(args).await,
    }
}

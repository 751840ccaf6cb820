//! `memory`: how much memory each service needs when it has nothing to do, and the accounts service with many accounts.
//!
//! Resident memory as the kernel counts it, with those pages of the program itself that are in use. Each service runs
//! alone, in a process of its own, with its default settings.

mod process;
mod stands;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::value_parser;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use crate::bank::{Bank, believe, operator_token};
use crate::files;
use crate::machine::Fact;
use crate::postgres::with_server;
use crate::progress::Progress;
use crate::report::chart::{Chart, Group};
use crate::report::goal::{Better, Goal, Unit};
use crate::report::table::Table;
use crate::report::{Output, Report};
use crate::servers::{with_mongo, with_topics};
use crate::service::{Probe, Service, built, release_dir};
use process::Memory;
use stands::Stands;

const HEADINGS: [&str; 5] = ["service", "accounts opened", "resident MiB", "of it its own MiB", "peak MiB"];
/// How long a service is left alone before its memory is read.
const REST: Duration = Duration::from_secs(2);

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder with the release builds of the services; by default the one in CARGO_TARGET_DIR or in target
    #[arg(long, value_name = "DIR")]
    target: Option<PathBuf>,
    /// Which services
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "accounts,transfers,account-history,api-gateway,bank"
    )]
    services: Vec<Name>,
    /// The PostgreSQL server, where databases may be created; without it and Kafka the services stand on files
    #[arg(
        long,
        env = "BANK_TEST_POSTGRES_URL",
        hide_env_values = true,
        value_name = "URL",
        requires = "kafka"
    )]
    postgres: Option<String>,
    /// Kafka's brokers, where topics may be made: host:port
    #[arg(long, env = "BANK_TEST_KAFKA_BROKERS", value_name = "BROKERS", requires = "postgres")]
    kafka: Option<String>,
    /// The MongoDB server for the views of account-history; without it they are in a file
    #[arg(long, env = "BANK_TEST_MONGO_URL", hide_env_values = true, value_name = "URL")]
    mongo: Option<String>,
    /// A folder for what the services keep in files
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// Accounts that are opened
    #[arg(long, default_value_t = 100_000, value_parser = value_parser!(u32).range(1..=10_000_000))]
    accounts: u32,
    /// Accounts that are opened at once
    #[arg(long, default_value_t = 64, value_parser = value_parser!(u16).range(1..=1000))]
    in_flight: u16,
    #[command(flatten)]
    output: Output,
}

/// A service's binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Name {
    Accounts,
    Transfers,
    AccountHistory,
    ApiGateway,
    Bank,
}

/// How much memory a service needs.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Measured {
    service: Name,
    /// How many accounts were opened before.
    accounts: u32,
    #[serde(flatten)]
    memory: Memory,
}

/// Measures and reports.
///
/// # Errors
/// When a service is not built, does not start, or does not open an account.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let measured = match args.postgres.as_deref().zip(args.kafka.as_deref()) {
        Some((postgres, brokers)) => on_servers(postgres, brokers, &args).await?,
        None => {
            files::with_folder(&args.dir, async |dir| measure(&Stands::on_files(dir), dir, &args).await)
                .await?
        }
    };
    let on = if args.postgres.is_some() { "PostgreSQL and Kafka" } else { "files" };
    let facts = vec![
        Fact::new("services stand on", format!("{on}; bank on files")),
        Fact::new("services from", folder(&args).display().to_string()),
    ];
    let table = Table::new(&HEADINGS, measured.iter().map(Measured::row));
    let (goals, chart) = (goals(&args, &measured), chart(&measured));
    Report::new("memory", measured, goals, facts).give(&args.output, &table, &chart)
}

async fn on_servers(postgres: &str, brokers: &str, args: &Args) -> anyhow::Result<Vec<Measured>> {
    with_topics(brokers, async |prefix| {
        with_mongo(args.mongo.as_deref(), async |mongo| {
            with_server(postgres, async |server| {
                files::with_folder(&args.dir, async |dir| {
                    let bus = format!("kafka://{brokers}?prefix={prefix}");
                    let (accounts, transfers) = (server.create().await?, server.create().await?);
                    let stands = Stands {
                        accounts_store: accounts.url(),
                        transfers_store: transfers.url(),
                        bus: Some(bus),
                        views: mongo.map(str::to_owned),
                        dir: dir.to_owned(),
                    };
                    measure(&stands, dir, args).await
                })
                .await
            })
            .await
        })
        .await
    })
    .await
}

async fn measure(stands: &Stands, dir: &Path, args: &Args) -> anyhow::Result<Vec<Measured>> {
    let binaries = binaries(args)?;
    let keys = dir.join("token-keys");
    let token = operator_token(&keys)?;
    let with_load = with_load(&args.services, stands);
    let openings = if with_load.is_some() { args.accounts / progress_every(args.accounts) } else { 0 };
    let progress = Progress::new(binaries.len() + usize::try_from(openings)?);
    let mut measured = Vec::new();
    for (name, binary) in binaries {
        let about = name.name();
        progress.begin(format!("{about} starts"));
        let log = dir.join(format!("{about}.log"));
        let arguments = [stands.arguments(name), believe(&keys).to_vec()].concat();
        let service = Service::start(&binary, &arguments, name.probe(), &log).await?;
        let read = async |accounts| {
            tokio::time::sleep(REST).await;
            let id = service.process_id().with_context(|| format!("{about} has ended"))?;
            anyhow::Ok(Measured { service: name, accounts, memory: Memory::of(id)? })
        };
        let idle = read(0).await?;
        let mut said = format!("{about}: {:.1} MiB idle", idle.memory.resident_mib);
        measured.push(idle);
        if with_load == Some(name) {
            open(&Bank::at(&service.url, &token)?, args, about, &progress).await?;
            let loaded = read(args.accounts).await?;
            said = format!("{said}, {:.1} MiB with accounts", loaded.memory.resident_mib);
            measured.push(loaded);
        }
        service.stop().await?;
        progress.end(&said);
    }
    Ok(measured)
}

/// The accounts service on servers; on files the bank, which is what runs there.
fn with_load(services: &[Name], stands: &Stands) -> Option<Name> {
    let preferred = if stands.bus.is_some() { Name::Accounts } else { Name::Bank };
    let other = if preferred == Name::Bank { Name::Accounts } else { Name::Bank };
    [preferred, other].into_iter().find(|name| services.contains(name))
}

async fn open(bank: &Bank, args: &Args, about: &str, progress: &Progress) -> anyhow::Result<()> {
    progress.begin(format!("{about} opens accounts"));
    let openings = stream::iter(0..args.accounts).map(|_| bank.open(0));
    let mut openings = openings.buffer_unordered(args.in_flight.into());
    let mut opened = 0_u32;
    while openings.try_next().await?.is_some() {
        opened += 1;
        if opened.is_multiple_of(progress_every(args.accounts)) {
            progress.advance();
        }
    }
    Ok(())
}

/// After so many of the accounts there is progress to be seen.
fn progress_every(accounts: u32) -> u32 {
    accounts.div_ceil(100).max(1)
}

fn folder(args: &Args) -> PathBuf {
    args.target.clone().unwrap_or_else(release_dir)
}

/// All of them, before the first is started.
fn binaries(args: &Args) -> anyhow::Result<Vec<(Name, PathBuf)>> {
    let packages: Vec<String> = args.services.iter().map(|name| format!("-p {}", name.name())).collect();
    let how = format!("cargo build --release --features distributed --bins {}", packages.join(" "));
    let found = |&name: &Name| Ok((name, built(folder(args).join(name.name()), &how)?));
    args.services.iter().map(found).collect()
}

impl Name {
    fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Transfers => "transfers",
            Self::AccountHistory => "account-history",
            Self::ApiGateway => "api-gateway",
            Self::Bank => "bank",
        }
    }

    /// The gateway is never ready here, because no service runs behind it.
    fn probe(self) -> Probe {
        if self == Self::ApiGateway { Probe::Alive } else { Probe::Ready }
    }
}

impl Measured {
    fn row(&self) -> Vec<String> {
        let Memory { resident_mib, own_mib, peak_mib } = self.memory;
        let mut row = vec![self.service.name().to_owned(), self.accounts.to_string()];
        row.extend([resident_mib, own_mib, peak_mib].map(|mib| format!("{mib:.1}")));
        row
    }
}

fn goals(args: &Args, measured: &[Measured]) -> Vec<Goal> {
    let goal = |measured: &Measured| {
        let name = measured.service.name();
        let (what, bounds) = match measured.accounts {
            0 => (format!("{name}: resident when idle"), (40.0, 20.0)),
            accounts => (format!("{name}: resident after {accounts} accounts"), (128.0, 64.0)),
        };
        let resident = Some(measured.memory.resident_mib);
        Goal::new(&what, (Unit::Mebibytes, Better::Lower), bounds, resident)
    };
    let mut goals: Vec<Goal> = measured.iter().map(goal).collect();
    if measured.iter().all(|measured| measured.accounts == 0) {
        let what = format!("resident after {} accounts", args.accounts);
        goals.push(Goal::new(&what, (Unit::Mebibytes, Better::Lower), (128.0, 64.0), None));
    }
    goals
}

fn chart(measured: &[Measured]) -> Chart {
    let group = |measured: &Measured| Group {
        name: match measured.accounts {
            0 => measured.service.name().to_owned(),
            accounts => format!("{}, {accounts}", measured.service.name()),
        },
        bars: vec![("resident".to_owned(), measured.memory.resident_mib)],
    };
    Chart {
        title: "Memory of each service".to_owned(),
        unit: "MiB",
        groups: measured.iter().map(group).collect(),
    }
}

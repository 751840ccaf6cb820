//! The command line: serve, or rebuild the views once.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand, ValueEnum};
use messaging::Bus;
use service_kit::backends::open_bus;
use service_kit::settings::{CommonArgs, load};
use service_kit::{
    Failure, HistoryArgs, ServerSettings, ask_readiness, report, run, run_migration, telemetry,
};

use crate::rebuild::{RebuildReport, rebuild};
use crate::{ABOUT, Config, history, http_owners, migrate, open_views, start};

/// How many differences are named; the others are counted.
const NAMED: usize = 20;

#[derive(Debug, Parser)]
#[command(name = ABOUT.name, version = ABOUT.version, about = ABOUT.summary, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    settings: CommonArgs,
    /// What this process does [env: BANK_ROLE]
    #[arg(long, value_name = "ROLE", help_heading = "Settings")]
    role: Option<RoleFlag>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the views anew from the bus, compare them with the old ones, and switch. Updaters may go on meanwhile.
    Rebuild(CommonArgs),
    /// Ask the service that runs with these settings whether it is ready; exit status 0 or 1
    Health(CommonArgs),
    /// Create the indexes and topics that are missing, and end
    Migrate(CommonArgs),
    /// Read recorded events and snapshots without any server, and print what becomes of each shape; exit status 1 when this
    /// program cannot read what was written before
    History(HistoryArgs),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleFlag {
    /// Keep the views
    Updater,
    /// Answer queries
    Reader,
    /// Both
    Both,
}

/// The whole process: arguments, a runtime, and one line on stderr when it fails.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run_command(cli)),
        Err(error) => Err(Failure::start(error)),
    };
    outcome.unwrap_or_else(|failure| report(ABOUT.name, Err(failure)))
}

async fn run_command(cli: Cli) -> Result<ExitCode, Failure> {
    match cli.command {
        Some(Command::Rebuild(settings)) => rebuild_once(&settings).await?,
        Some(Command::Health(settings)) => ask_readiness(&ABOUT, &settings)?,
        Some(Command::Migrate(settings)) => run_migration(&ABOUT, &settings, migrate).await?,
        Some(Command::History(args)) => return Ok(history().check(&args.files)),
        None => run(&ABOUT, &with_role(cli.settings, cli.role), start).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The flag is a short way to say `--set role=…`; it comes last, so it wins.
fn with_role(mut settings: CommonArgs, role: Option<RoleFlag>) -> CommonArgs {
    let role = role.as_ref().and_then(ValueEnum::to_possible_value);
    settings.set.extend(role.map(|role| format!("role={}", role.get_name())));
    settings
}

async fn rebuild_once(settings: &CommonArgs) -> Result<(), Failure> {
    let environment =
        || std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
    let server: ServerSettings = load(ABOUT.defaults, settings, environment())?;
    let config: Config = load(ABOUT.defaults, settings, environment())?;
    // Standard output is for the report; a filter that is wrong is a mistake in the settings.
    telemetry::init(ABOUT.name, &server.log, server.log_format).map_err(Failure::start)?;
    let report = rebuild_from(&config).await.map_err(|error| Failure::start(format!("{error:#}")))?;
    print(&report).map_err(Failure::start)
}

async fn rebuild_from(config: &Config) -> anyhow::Result<RebuildReport> {
    let opened = open_views(config).await?;
    let bus = open_bus_to_read(config).await?;
    let owner = Arc::new(http_owners(config)?);
    let report = rebuild(Arc::clone(&opened.views), Arc::clone(&bus), owner).await?;
    bus.close().await;
    opened.views.close().await;
    Ok(report)
}

/// The process that serves holds the embedded log; a rebuild beside it only reads.
#[cfg(feature = "embedded")]
async fn open_bus_to_read(config: &Config) -> anyhow::Result<Arc<dyn Bus>> {
    match config.bus.expose().strip_prefix("embedded:") {
        Some(path) => {
            let path = path.trim_start_matches("//");
            Ok(Arc::new(messaging::embedded::EmbeddedLog::open_read_only(path).await?))
        }
        None => open_bus("bus", &config.bus).await,
    }
}

#[cfg(not(feature = "embedded"))]
async fn open_bus_to_read(config: &Config) -> anyhow::Result<Arc<dyn Bus>> {
    open_bus("bus", &config.bus).await
}

fn print(report: &RebuildReport) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "rebuilt from {} messages; generation {} is read now",
        report.messages, report.generation.0
    )?;
    writeln!(out, "differences: {}", report.differences.len())?;
    for difference in report.differences.iter().take(NAMED) {
        writeln!(out, "  {difference}")?;
    }
    for (stream, reason) in &report.unreadable {
        writeln!(out, "unreadable: {stream}: {reason}")?;
    }
    out.flush()
}

//! The command line: what each command is for, and what the process ends with.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use service_kit::settings::{CommonArgs, load};
use service_kit::{About, Failure, HistoryArgs, report};

use crate::browser::{dead_letters, events, stuck, transfer};
use crate::config::{Config, DEFAULTS};
use crate::{audit, demo, documents, history, redrive, start, token, verify};

pub(crate) const ABOUT: About = About {
    name: "bank",
    version: env!("CARGO_PKG_VERSION"),
    summary: "The whole bank in one process",
    defaults: DEFAULTS,
    example: Some(example),
};

/// Two accounts and a transfer, ready to be pasted into another terminal.
fn example(url: &str, settings: &CommonArgs) -> String {
    let program =
        std::env::current_exe().map_or_else(|_| "bank".to_owned(), |path| path.display().to_string());
    let data_dir = settings.data_dir.as_ref().map(|dir| format!(" --data-dir '{}'", dir.display()));
    let token = format!("'{program}' token --operator you{}", data_dir.unwrap_or_default());
    include_str!("example.sh").replace("URL", url).replace("TOKEN", &token)
}

/// The whole bank in one process: opens accounts and moves money, with every change an event.
///
/// Without a command it serves. Every setting can be given as a flag, in the environment (BANK_LISTEN,
/// BANK_DATA_DIR, …), or in a file (--config); the flag wins over the environment, the environment over the file.
#[derive(Debug, Parser)]
#[command(name = "bank", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: CommonArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the HTTP API (what `bank` alone does)
    Serve(#[command(flatten)] CommonArgs),
    /// Ask the bank that runs with these settings whether it is ready; exit status 0 or 1
    Health(#[command(flatten)] CommonArgs),
    /// Open two accounts, make a deposit, a transfer that completes and one that is refused, and print the event log
    Demo(demo::DemoArgs),
    /// Read the stores directly and check every invariant; exit status 1 on any difference
    Verify(verify::VerifyArgs),
    /// Read recorded events and snapshots without any store, and print what becomes of each shape in each service; exit
    /// status 1 when this program cannot read what was written before
    History(HistoryArgs),
    /// Print whole streams of every shape that the stores hold, the youngest, for `history`; titles and memos are in them
    Sample(history::SampleArgs),
    /// List the messages that wait behind a failure, or replay them in order
    Redrive(redrive::RedriveArgs),
    /// Print what happened to an account, transfer, bulk transfer, order or customer, a line an event
    Events(events::EventsArgs),
    /// Follow one transfer over all services, and say where its money is
    Transfer(transfer::TransferArgs),
    /// List transfers past their deadline and what stops each, exit status 1 when there are any; or retry or compensate one
    Stuck(stuck::StuckArgs),
    /// List, show or replay the messages that no service could handle, of all services
    DeadLetters(dead_letters::DeadLettersArgs),
    /// Read the audit log: who asked for what, and what came of it; or check that it is whole
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Print an access token, signed with the bank's own keys
    Token(token::TokenArgs),
    /// Print the OpenAPI document of the HTTP interface
    Openapi,
    /// Print the AsyncAPI document of the published events
    Asyncapi,
    /// Print the commented default settings, ready to be edited
    Settings,
}

/// The whole process: reads the command line and does what it says.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(ABOUT.name, Err(Failure::start(error))),
    };
    runtime.block_on(dispatch(cli))
}

async fn dispatch(cli: Cli) -> ExitCode {
    match cli.command.unwrap_or(Command::Serve(cli.settings)) {
        Command::Serve(settings) => report(ABOUT.name, service_kit::run(&ABOUT, &settings, start).await),
        Command::Health(settings) => report(ABOUT.name, service_kit::ask_readiness(&ABOUT, &settings)),
        Command::Demo(args) => finish(demo::run(args).await),
        Command::Verify(args) => finish(verify::run(args).await),
        Command::History(args) => history::history().check(&args.files),
        Command::Sample(args) => finish(history::sample(args).await),
        Command::Redrive(args) => finish(redrive::run(args).await),
        Command::Events(args) => finish(events::run(args).await),
        Command::Transfer(args) => finish(transfer::run(args).await),
        Command::Stuck(args) => finish(stuck::run(args).await),
        Command::DeadLetters(args) => finish(dead_letters::run(args).await),
        Command::Audit(command) => finish(audit::run(command).await),
        Command::Token(args) => finish(token::run(args)),
        Command::Openapi => finish(documents::show(documents::openapi())),
        Command::Asyncapi => finish(documents::show(documents::asyncapi())),
        Command::Settings => finish(print(DEFAULTS).map(|()| ExitCode::SUCCESS)),
    }
}

/// What a tool ends with: it may have an exit status of its own.
fn finish(outcome: Result<ExitCode, Failure>) -> ExitCode {
    outcome.unwrap_or_else(|failure| report(ABOUT.name, Err(failure)))
}

/// Writes to stdout, which may have been closed by whoever read enough.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::start(error)),
        _ => Ok(()),
    }
}

/// The settings of a tool, from the same sources as the server's.
pub(crate) fn settings(args: &CommonArgs) -> Result<Config, Failure> {
    Ok(load(DEFAULTS, args, std::env::vars())?)
}

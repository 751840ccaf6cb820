//! From the command line to a clean end: the life of a service's process.

mod command_line;
mod failure;
mod hosting;
mod readiness;

use std::future::Future;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use serde::de::DeserializeOwned;

use crate::settings::{CommonArgs, ServerSettings, load, misspelt_variables};
use crate::tasks::Tasks;
use crate::{shutdown, telemetry};
pub use failure::{Failure, report};
pub use hosting::{App, host};
pub use readiness::ask_readiness;

pub use command_line::HistoryArgs;
use command_line::{Asked, Errand};

/// What a service is called, and what it starts from.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// The package's name.
    pub name: &'static str,
    /// The package's version.
    pub version: &'static str,
    /// One line for `--help`.
    pub summary: &'static str,
    /// The service's commented defaults file.
    pub defaults: &'static str,
    /// What to print after the address, given the service's URL and its arguments: a first thing to try.
    pub example: Option<fn(&str, &CommonArgs) -> String>,
}

/// The whole process of a service that stores nothing: arguments, a runtime, [`run`], and one line on stderr when that
/// fails.
pub fn main<C, F, Fut, E>(about: &About, start: F) -> ExitCode
where
    C: DeserializeOwned,
    F: FnOnce(C, Tasks) -> Fut,
    Fut: Future<Output = Result<App, E>>,
    E: Into<anyhow::Error>,
{
    let outcome = match about.parse(&[Errand::Health]) {
        Asked::With(Errand::Health, args) => ask_readiness(about, &args),
        Asked::With(_, args) => block_on(run(about, &args, start)),
        Asked::History(_) => Err(Failure::start("it reads no events")),
    };
    report(about.name, outcome)
}

/// The same for a service that has stores, which it makes with `migrate` when it is asked to do only that. Whether it
/// reads what was written before, `history` tells, which is given the files.
pub fn main_with_stores<C, F, Fut, E, M, Migrating>(
    about: &About,
    start: F,
    migrate: M,
    history: impl FnOnce(&[PathBuf]) -> ExitCode,
) -> ExitCode
where
    C: DeserializeOwned,
    F: FnOnce(C, Tasks) -> Fut,
    Fut: Future<Output = Result<App, E>>,
    E: Into<anyhow::Error>,
    M: FnOnce(C) -> Migrating,
    Migrating: Future<Output = anyhow::Result<()>>,
{
    let outcome = match about.parse(&[Errand::Health, Errand::Migrate, Errand::History]) {
        Asked::With(Errand::Health, args) => ask_readiness(about, &args),
        Asked::With(Errand::Migrate, args) => block_on(run_migration(about, &args, migrate)),
        Asked::With(_, args) => block_on(run(about, &args, start)),
        Asked::History(args) => return history(&args.files),
    };
    report(about.name, outcome)
}

fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(Failure::start)?.block_on(work)
}

/// Creates the tables and topics that are missing, and ends. A service does the same at its start; as a job of its own it
/// is done once before many start, by somebody who may do it.
///
/// # Errors
/// [`Failure`] when the settings are wrong or something cannot be made.
pub async fn run_migration<C, M, Migrating>(
    about: &About,
    args: &CommonArgs,
    migrate: M,
) -> Result<(), Failure>
where
    C: DeserializeOwned,
    M: FnOnce(C) -> Migrating,
    Migrating: Future<Output = anyhow::Result<()>>,
{
    let server: ServerSettings = load(about.defaults, args, environment())?;
    let config: C = load(about.defaults, args, environment())?;
    telemetry::init(about.name, &server.log, server.log_format).map_err(Failure::log)?;
    migrate(config).await.map_err(Failure::of)?;
    say("tables and topics are there").map_err(Failure::start)
}

/// Loads the settings, listens, calls `start` with the service's own settings, prints
/// `listening on http://…` to stdout, and serves until a signal. `start`'s tasks end after the last request.
///
/// # Errors
/// [`Failure`], of the settings too when `start` gives a [`crate::SettingsError`]; nothing goes on in the background.
pub async fn run<C, F, Fut, E>(about: &About, args: &CommonArgs, start: F) -> Result<(), Failure>
where
    C: DeserializeOwned,
    F: FnOnce(C, Tasks) -> Fut,
    Fut: Future<Output = Result<App, E>>,
    E: Into<anyhow::Error>,
{
    let server: ServerSettings = load(about.defaults, args, environment())?;
    let config: C = load(about.defaults, args, environment())?;
    let traces = telemetry::start(about, &server)?;
    telemetry::metrics();
    for (written, meant) in misspelt_variables(about.defaults, environment()) {
        tracing::warn!("the environment has {written}, which is no setting; did you mean {meant}?");
    }
    let signal = shutdown::signals();
    let listener = server.listen.bind().await.map_err(Failure::start)?;
    let tasks = Tasks::new();
    let started = signal.run_until_cancelled(start(config, tasks.clone())).await;
    let Some(started) = started else { return Ok(()) };
    let app = started.map_err(Failure::of)?;
    announce(&listener, about.example.map(|example| move |url: &str| example(url, args)))
        .map_err(Failure::start)?;
    let outcome = host(listener, app, &server, tasks, signal).await.map_err(Failure::start);
    // Last, so that the spans of what was in hand are among them.
    traces.flush().await;
    outcome
}

/// The process's variables, without those that are no text.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// The line that whoever started the process on port 0 waits for.
fn announce(listener: &tokio::net::TcpListener, example: Option<impl Fn(&str) -> String>) -> io::Result<()> {
    let url = format!("http://{}", listener.local_addr()?);
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "listening on {url}")?;
    if let Some(example) = example {
        writeln!(stdout, "{}", example(&url))?;
    }
    stdout.flush()
}

fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

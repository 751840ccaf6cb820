//! From the command line to a clean end: the life of a service's process.

mod failure;
mod hosting;

use std::future::Future;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, FromArgMatches};
use serde::de::DeserializeOwned;

use crate::settings::{CommonArgs, ServerSettings, load, misspelt_variables};
use crate::tasks::Tasks;
use crate::{shutdown, telemetry};
pub use failure::{Failure, report};
pub use hosting::{App, host};

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

impl About {
    /// Reads the process's arguments; prints help, the version or a mistake and ends the process when asked to.
    #[must_use]
    pub fn parse_args(&self) -> CommonArgs {
        let command = clap::Command::new(self.name).version(self.version);
        // A flag that this service has no use for is refused with an explanation, and not offered in `--help`.
        let hide = |flag: clap::Arg| {
            let applies = CommonArgs::applies(flag.get_id().as_str(), self.defaults);
            flag.hide(!applies)
        };
        let command = CommonArgs::augment_args(command).mut_args(hide);
        let matches = command.about(self.summary).get_matches();
        CommonArgs::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// The whole process: arguments, a runtime, [`run`], and one line on stderr when that fails.
pub fn main<C, F, Fut, E>(about: &About, start: F) -> ExitCode
where
    C: DeserializeOwned,
    F: FnOnce(C, Tasks) -> Fut,
    Fut: Future<Output = Result<App, E>>,
    E: Into<anyhow::Error>,
{
    let args = about.parse_args();
    let outcome = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(about, &args, start)),
        Err(error) => Err(Failure::start(error)),
    };
    report(about.name, outcome)
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
    telemetry::init(about.name, &server.log, server.log_format).map_err(Failure::log)?;
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
    host(listener, app, &server, tasks, signal).await.map_err(Failure::start)
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

//! The command line: what each command is for, and what the process ends with.

mod deployment;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use serde::Serialize;

use crate::catalog::Catalog;
use crate::engine::Engine;
use crate::error::DeployError;
use crate::history::{self, HistoryArgs};
use crate::image_name::ImageName;
use deployment::{ApplyArgs, PlanArgs, RollbackArgs, StatusArgs};

use crate::smoke::{self, Outcome, ServerImages, SmokeSettings};

/// From an image to a running service, through the Docker engine's API.
///
/// The engine is the one that DOCKER_HOST names, or this machine's.
#[derive(Debug, Parser)]
#[command(name = "bank-deploy", version)]
struct Cli {
    /// The repository, with the folder docker in it
    #[arg(long, value_name = "DIR", default_value = ".", global = true)]
    root: PathBuf,
    /// Print one JSON document instead of lines for people
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start each image on real servers, wait until it is ready, make one real request, and stop it while it has another
    /// in hand; exit status 1 when one is not fit
    Smoke(SmokeArgs),
    /// Let each image read every event and snapshot that was ever written, and the image that runs now what is new; exit
    /// status 1 when one is not fit
    History(HistoryArgs),
    /// Show what apply would do, and change nothing that runs; images are pulled
    Plan(PlanArgs),
    /// Bring what runs to the desired state, service by service, without dropping a request; exit status 1 when a new
    /// container was not fit and the one before it serves on
    Apply(ApplyArgs),
    /// Show what runs
    Status(StatusArgs),
    /// Go back to the version before, of the services that are named or of all that have one
    Rollback(RollbackArgs),
}

#[derive(Debug, Args)]
struct SmokeArgs {
    /// The images, such as bank/accounts:1.4.0
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
    #[command(flatten)]
    servers: ServerImages,
    /// How many seconds a container may take to get ready
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    ready_within: u64,
    /// How many seconds it may take to stop
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    drain_within: u64,
    /// Where records go, for docker/publish.sh: the folder `smoke` in here, below the repository
    #[arg(long, value_name = "DIR", env = "BANK_IMAGES_DIR", default_value = "target/images")]
    images_dir: PathBuf,
}

/// The whole process: reads the command line and does what it says.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&DeployError::here(error)),
    };
    match runtime.block_on(dispatch(&cli)) {
        Ok(code) => code,
        Err(error) => failed(&error),
    }
}

async fn dispatch(cli: &Cli) -> Result<ExitCode, DeployError> {
    match &cli.command {
        Command::Smoke(args) => smoke(cli, args).await,
        Command::History(args) => history::history(&cli.root, cli.json, args).await,
        Command::Plan(args) => deployment::plan(cli, args).await,
        Command::Apply(args) => deployment::apply(cli, args).await,
        Command::Status(args) => deployment::status(cli, args).await,
        Command::Rollback(args) => deployment::rollback(cli, args).await,
    }
}

async fn smoke(cli: &Cli, args: &SmokeArgs) -> Result<ExitCode, DeployError> {
    let catalog = Catalog::read(&cli.root)?;
    let engine = Engine::connect().await?;
    let settings = SmokeSettings {
        servers: args.servers.clone(),
        ready_within: Duration::from_secs(args.ready_within),
        drain_within: Duration::from_secs(args.drain_within),
        records: cli.root.join(&args.images_dir).join("smoke"),
    };
    let images: Vec<_> = args.images.iter().map(|image| ImageName::new(image)).collect();
    let outcomes = smoke::run(&engine, &catalog, &settings, &images).await?;
    print(&if cli.json { as_json(outcomes.as_slice())? } else { as_lines(&outcomes) })?;
    let passed = outcomes.iter().all(|outcome| outcome.passed);
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn as_json<T: Serialize + ?Sized>(document: &T) -> Result<String, DeployError> {
    serde_json::to_string_pretty(document).map(|text| text + "\n").map_err(DeployError::here)
}

/// One line an image; below one that failed, the end of its log.
fn as_lines(outcomes: &[Outcome]) -> String {
    let line = |outcome: &Outcome| {
        let steps: Vec<_> =
            outcome.steps.iter().map(|step| format!("{} {} ms", step.name, step.millis)).collect();
        let Some(problem) = &outcome.problem else {
            return format!("{} is fit: {}\n", outcome.image, steps.join(", "));
        };
        let log: String = outcome.log.iter().map(|line| format!("    {line}\n")).collect();
        format!("{} is not fit: {problem}\n{log}", outcome.image)
    };
    outcomes.iter().map(line).collect()
}

pub(crate) fn print(text: &str) -> Result<(), DeployError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(DeployError::here)
}

fn failed(error: &DeployError) -> ExitCode {
    let line = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    // There is nobody left to tell when stderr is closed.
    let _ = writeln!(io::stderr(), "bank-deploy: {line}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::smoke::Step;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_image_that_failed_is_told_with_the_end_of_its_log() {
        let fit = Outcome {
            image: "bank/accounts:1".to_owned(),
            id: String::new(),
            service: "accounts".to_owned(),
            passed: true,
            steps: vec![Step { name: "start".to_owned(), millis: 700 }],
            problem: None,
            log: Vec::new(),
        };
        let (problem, log) =
            (Some("ended with exit code 2".to_owned()), vec!["a".to_owned(), "b".to_owned()]);
        let unfit = Outcome { passed: false, problem, log, ..fit.clone() };
        let expected = "bank/accounts:1 is fit: start 700 ms\n\
                        bank/accounts:1 is not fit: ended with exit code 2\n    a\n    b\n";
        assert_eq!(as_lines(&[fit, unfit]), expected);
    }
}

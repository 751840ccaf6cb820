//! The commands that deploy.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::{Cli, as_json, print};
use crate::catalog::Catalog;
use crate::engine::Engine;
use crate::error::DeployError;
use crate::rollout::{self, Context, Desired, Report, Settings};

/// What describes an environment.
#[derive(Debug, Args)]
struct StateArgs {
    /// The desired state, such as deploy/environments/local.toml
    #[arg(value_name = "STATE")]
    state: PathBuf,
}

#[derive(Debug, Args)]
struct WantedArgs {
    #[command(flatten)]
    state: StateArgs,
    /// Another version of one service than the desired state has
    #[arg(long, value_name = "SERVICE=VERSION")]
    set: Vec<String>,
    /// Where docker/publish.sh notes what it did, below the repository
    #[arg(long, value_name = "DIR", env = "BANK_IMAGES_DIR", default_value = "target/images")]
    images_dir: PathBuf,
}

#[derive(Debug, Args)]
struct ProxyArgs {
    /// HAProxy
    #[arg(long, value_name = "IMAGE", env = "BANK_PROXY_IMAGE", default_value = "haproxy:3.0")]
    proxy_image: String,
}

#[derive(Debug, Args)]
struct PatienceArgs {
    /// How many seconds a new container may take to get ready
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    ready_within: u64,
    /// How many seconds an old one may take to stop
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    drain_within: u64,
    /// How many seconds a new one is watched before the old one is stopped
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    watch: u64,
}

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    wanted: WantedArgs,
    #[command(flatten)]
    proxy: ProxyArgs,
}

#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    wanted: WantedArgs,
    #[command(flatten)]
    proxy: ProxyArgs,
    #[command(flatten)]
    patience: PatienceArgs,
    /// Replace proxies that were made with other settings, which cuts their connections for a moment
    #[arg(long)]
    replace_proxies: bool,
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    state: StateArgs,
}

#[derive(Debug, Args)]
pub(super) struct RollbackArgs {
    #[command(flatten)]
    state: StateArgs,
    /// The services; all that have a version before when none is named
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
    #[command(flatten)]
    proxy: ProxyArgs,
    #[command(flatten)]
    patience: PatienceArgs,
}

pub(super) async fn plan(cli: &Cli, args: &PlanArgs) -> Result<ExitCode, DeployError> {
    let work = Work::of(cli, &args.wanted.state, &args.wanted.set).await?;
    let images = cli.root.join(&args.wanted.images_dir);
    let planned =
        rollout::plan(&work.context(cli, &images, Settings::looking(&args.proxy.proxy_image)), &work.desired)
            .await?;
    tell(cli, &planned, planned.iter())?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn apply(cli: &Cli, args: &ApplyArgs) -> Result<ExitCode, DeployError> {
    let work = Work::of(cli, &args.wanted.state, &args.wanted.set).await?;
    let images = cli.root.join(&args.wanted.images_dir);
    let report = rollout::apply(&work.context(cli, &images, args.settings()), &work.desired).await?;
    end(cli, &report)
}

pub(super) async fn status(cli: &Cli, args: &StatusArgs) -> Result<ExitCode, DeployError> {
    let work = Work::of(cli, &args.state, &[]).await?;
    let standing = rollout::status(&work.engine, &work.catalog, &work.desired).await?;
    tell(cli, &standing, standing.iter())?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn rollback(cli: &Cli, args: &RollbackArgs) -> Result<ExitCode, DeployError> {
    let work = Work::of(cli, &args.state, &[]).await?;
    let settings = args.patience.settings(&args.proxy);
    let report =
        rollout::rollback(&work.context(cli, &cli.root, settings), &work.desired, &args.services).await?;
    end(cli, &report)
}

/// What every command reads first; the engine comes last, so that a mistake in a file is told without one.
struct Work {
    catalog: Catalog,
    desired: Desired,
    engine: Engine,
}

impl Work {
    async fn of(cli: &Cli, state: &StateArgs, set: &[String]) -> Result<Self, DeployError> {
        let catalog = Catalog::read(&cli.root)?;
        let desired = Desired::read(&state.state, set, &catalog)?;
        Ok(Self { catalog, desired, engine: Engine::connect().await? })
    }

    fn context<'a>(&'a self, cli: &'a Cli, images_dir: &'a Path, settings: Settings) -> Context<'a> {
        let Self { catalog, engine, .. } = self;
        Context { engine, catalog, root: &cli.root, images_dir, settings, progress }
    }
}

impl ApplyArgs {
    fn settings(&self) -> Settings {
        Settings { replace_proxies: self.replace_proxies, ..self.patience.settings(&self.proxy) }
    }
}

impl PatienceArgs {
    fn settings(&self, proxy: &ProxyArgs) -> Settings {
        Settings {
            proxy_image: proxy.proxy_image.clone(),
            ready_within: Duration::from_secs(self.ready_within),
            drain_within: Duration::from_secs(self.drain_within),
            watch: Duration::from_secs(self.watch),
            replace_proxies: false,
        }
    }
}

fn end(cli: &Cli, report: &Report) -> Result<ExitCode, DeployError> {
    tell(cli, report, std::iter::once(report))?;
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell<T: Serialize>(
    cli: &Cli,
    document: &T,
    lines: impl Iterator<Item = impl Display>,
) -> Result<(), DeployError> {
    print(&if cli.json { as_json(document)? } else { lines.map(|line| line.to_string()).collect() })
}

/// On standard error, so that standard output has the result alone.
fn progress(what: &str) {
    // There is nobody left to tell when stderr is closed.
    let _ = writeln!(io::stderr(), "{what}");
}

//! From a desired state to running services, one after another, each new container beside the old one and behind a proxy
//! that stays.
//!
//! Everything that a run knows it reads from the engine: labels on containers, and whom a proxy routes to. So a run that
//! was killed needs no clearing up: the next one plans from what it finds.

mod asking;
mod desired;
mod executing;
mod fitness;
mod labels;
mod lock;
mod observing;
mod planning;
mod proxy;
mod published;
mod report;
mod target;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::catalog::{Catalog, Role};
use crate::engine::Engine;
use crate::error::DeployError;
use crate::image_name::ImageName;
use crate::signals::told_to_stop;
pub(crate) use desired::Desired;
use executing::{Execution, Fault};
use observing::{observe, observe_service};
use planning::{Observed, Step};
pub(crate) use report::{Applied, Outcome, Planned, Report, Standing};
use target::Target;

/// Whom proxies and locks run as: nobody in particular, as the services do.
const USER: &str = "65532:65532";

/// How patient a run is, and what it may do.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The image of the proxies.
    pub(crate) proxy_image: String,
    /// How long a container may take to get ready.
    pub(crate) ready_within: Duration,
    /// How long it may take to stop.
    pub(crate) drain_within: Duration,
    /// How long a new container is watched before the old one is stopped.
    pub(crate) watch: Duration,
    /// Whether proxies of other settings are replaced.
    pub(crate) replace_proxies: bool,
}

impl Settings {
    /// For a command that changes nothing.
    pub(crate) fn looking(proxy_image: &str) -> Self {
        let [ready_within, drain_within, watch] = [Duration::ZERO; 3];
        Self {
            proxy_image: proxy_image.to_owned(),
            ready_within,
            drain_within,
            watch,
            replace_proxies: false,
        }
    }
}

/// What every command works with.
pub(crate) struct Context<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) catalog: &'a Catalog,
    /// The repository.
    pub(crate) root: &'a Path,
    /// Where publishing notes what it did.
    pub(crate) images_dir: &'a Path,
    pub(crate) settings: Settings,
    /// Told what is done as it is done.
    pub(crate) progress: fn(&str),
}

/// What `apply` would do.
///
/// # Errors
/// [`DeployError`] when something that is needed is not there.
pub(crate) async fn plan(context: &Context<'_>, desired: &Desired) -> Result<Vec<Planned>, DeployError> {
    let targets = target::resolve(context, desired).await?;
    let observed = observe(context.engine, &desired.name).await?;
    Ok(targets.iter().map(|target| planned(target, observed.get(&target.service))).collect())
}

fn planned(target: &Target, observed: Option<&Observed>) -> Planned {
    let nothing = Observed::default();
    let observed = observed.unwrap_or(&nothing);
    Planned::of(target, observed, &steps_to(target, observed))
}

fn steps_to(target: &Target, observed: &Observed) -> Vec<Step> {
    let address = observed.proxy.as_ref().and_then(|proxy| proxy.address);
    planning::plan(&target.wish(address), observed)
}

/// Brings what runs to what is desired, up to the first service whose new container is not fit.
///
/// # Errors
/// [`DeployError`] when something that is needed is not there, which changes nothing; or when the engine fails.
pub(crate) async fn apply(context: &Context<'_>, desired: &Desired) -> Result<Report, DeployError> {
    let targets = target::resolve(context, desired).await?;
    context.engine.present(&ImageName::new(&context.settings.proxy_image)).await?;
    locked(context, desired, async {
        let observed = observe(context.engine, &desired.name).await?;
        for (service, found) in &observed {
            in_network(found, service, &desired.network)?;
        }
        for target in &targets {
            let steps = observed.get(&target.service).map_or(Vec::new(), |found| steps_to(target, found));
            if steps.contains(&Step::ReplaceProxy) && !context.settings.replace_proxies {
                return Err(DeployError::OtherProxy { service: target.service.clone() });
            }
        }
        let mut report = Report::new(&desired.name);
        for target in &targets {
            if report.is_good() {
                report.add(deploy(context, desired, target).await?);
            } else {
                report.add(Applied::not_done(&target.service, &target.version));
            }
        }
        Ok(report)
    })
    .await
}

async fn deploy(context: &Context<'_>, desired: &Desired, target: &Target) -> Result<Applied, DeployError> {
    let execution = |observed: &Observed| Execution {
        target: Some(target),
        ..Execution::on(context, place(context, desired, &target.service), observed)
    };
    let mut has_changed = false;
    // The proxy first: its address, which is another one after each start, is part of what the edge is told.
    let (observed, steps) = loop {
        let observed = observe_service(context.engine, &desired.name, &target.service).await?;
        let steps = steps_to(target, &observed);
        match steps.first() {
            Some(step @ (Step::MakeProxy | Step::StartProxy | Step::ReplaceProxy)) => {
                execution(&observed).prepare(step).await?;
                has_changed = true;
            }
            _ => break (observed, steps),
        }
    };
    let from = observed.current().map(|current| current.version.clone());
    let applied =
        |outcome| Applied { outcome, ..Applied::not_done(&target.service, &target.version) }.from(from);
    if steps.is_empty() {
        return Ok(applied(if has_changed { Outcome::Finished } else { Outcome::UpToDate }));
    }
    let had_one = observed.current().is_some_and(|current| current.running);
    done(&execution(&observed), &steps, had_one, applied).await
}

async fn done(
    execution: &Execution<'_>,
    steps: &[Step],
    had_one: bool,
    applied: impl FnOnce(Outcome) -> Applied,
) -> Result<Applied, DeployError> {
    match execution.run(steps).await {
        Ok(()) => {
            let has_switched = steps.iter().any(|step| matches!(step, Step::Switch { .. }));
            Ok(applied(if has_switched { Outcome::Deployed } else { Outcome::Finished }))
        }
        Err(Fault::Unfit { problem, log }) => {
            let outcome = if had_one { Outcome::RolledBack } else { Outcome::Failed };
            Ok(Applied { problem: Some(problem), log, ..applied(outcome) })
        }
        Err(Fault::Other(error)) => Err(error),
    }
}

/// Goes back to the last good one of each service that is named; of none that is, of each that the latest deployment which
/// brought something has switched. The edge first.
///
/// # Errors
/// [`DeployError::NothingKept`] when a service has none, before anything is changed.
pub(crate) async fn rollback(
    context: &Context<'_>,
    desired: &Desired,
    services: &[String],
) -> Result<Report, DeployError> {
    for service in services {
        let wrong = |reason| DeployError::Argument { flag: "SERVICE".to_owned(), reason };
        desired::known(service, context.catalog).map_err(wrong)?;
    }
    context.engine.present(&ImageName::new(&context.settings.proxy_image)).await?;
    locked(context, desired, async {
        let plans = rollback_plans(context, desired, services).await?;
        let mut report = Report::new(&desired.name);
        for (service, observed, steps) in plans {
            let to = serving_after(&observed, &steps).map_or("", |to| to.version.as_str()).to_owned();
            let from = observed.current().map(|current| current.version.clone());
            if !report.is_good() {
                report.add(Applied::not_done(&service, &to));
                continue;
            }
            let execution = Execution::on(context, place(context, desired, &service), &observed);
            let had_one = observed.current().is_some_and(|current| current.running);
            let applied = |outcome| Applied { outcome, ..Applied::not_done(&service, &to) }.from(from);
            report.add(done(&execution, &steps, had_one, applied).await?);
        }
        Ok(report)
    })
    .await
}

async fn rollback_plans(
    context: &Context<'_>,
    desired: &Desired,
    services: &[String],
) -> Result<Vec<(String, Observed, Vec<Step>)>, DeployError> {
    let mut observed = observe(context.engine, &desired.name).await?;
    let latest = latest_run(&observed);
    let mut plans = Vec::new();
    for service in context.catalog.deployed().into_iter().rev() {
        let is_named = services.iter().any(|named| named == service);
        if !services.is_empty() && !is_named {
            continue;
        }
        let found = observed.remove(service).unwrap_or_default();
        if services.is_empty() && found.current().is_none_or(|current| current.run != latest) {
            continue;
        }
        match planning::plan_rollback(&found) {
            Some(steps) if believes_another_proxy(&found, &steps) => {
                return Err(DeployError::OtherAddress { service: service.to_owned() });
            }
            Some(steps) => plans.push((service.to_owned(), found, steps)),
            None if is_named => return Err(nothing_kept(service, desired)),
            None => {}
        }
    }
    if plans.is_empty() { Err(nothing_kept("any service", desired)) } else { Ok(plans) }
}

/// The latest run that made a container which is there, even if nobody is routed to it any more.
fn latest_run(observed: &BTreeMap<String, Observed>) -> String {
    let instances = observed.values().flat_map(|found| &found.instances).filter(|instance| instance.proven);
    instances.map(|instance| instance.run.clone()).max().unwrap_or_default()
}

/// Who serves when the steps are done.
fn serving_after<'a>(observed: &'a Observed, steps: &[Step]) -> Option<&'a planning::Instance> {
    let to = steps.iter().find_map(|step| match step {
        Step::Switch { to, .. } => Some(to),
        _ => None,
    });
    match to {
        Some(to) => observed.instances.iter().find(|instance| instance.name == *to),
        None => observed.current(),
    }
}

/// Whether the one that is switched to would not believe what its proxy says of clients: the proxy has another address
/// since the engine started again, or gets one when it is started.
fn believes_another_proxy(observed: &Observed, steps: &[Step]) -> bool {
    let believes = serving_after(observed, steps).and_then(|to| to.believes);
    let address = observed.proxy.as_ref().filter(|proxy| proxy.running).and_then(|proxy| proxy.address);
    believes.is_some() && believes != address
}

/// A container that runs is in one network, so that a proxy in another one would not reach it.
fn in_network(observed: &Observed, service: &str, network: &str) -> Result<(), DeployError> {
    let found = observed.proxy.as_ref().and_then(|proxy| proxy.network.as_deref());
    match found.filter(|found| *found != network) {
        Some(found) => {
            Err(DeployError::OtherNetwork { service: service.to_owned(), network: found.to_owned() })
        }
        None => Ok(()),
    }
}

fn nothing_kept(service: &str, desired: &Desired) -> DeployError {
    DeployError::NothingKept { service: service.to_owned(), environment: desired.name.clone() }
}

/// What runs, whatever is desired.
///
/// # Errors
/// [`DeployError`] when the engine fails.
pub(crate) async fn status(
    engine: &Engine,
    catalog: &Catalog,
    desired: &Desired,
) -> Result<Vec<Standing>, DeployError> {
    let observed = observe(engine, &desired.name).await?;
    let known = catalog.deployed();
    let found = known.into_iter().filter_map(|service| Some(Standing::of(service, observed.get(service)?)));
    Ok(found.collect())
}

/// Does it while this process has the lock of the environment.
async fn locked<T>(
    context: &Context<'_>,
    desired: &Desired,
    work: impl Future<Output = Result<T, DeployError>>,
) -> Result<T, DeployError> {
    let mut hold = lock::take(context.engine, &desired.name, &context.settings.proxy_image).await?;
    // Wherever the work is when it ends early, whoever is routed to runs.
    tokio::select! {
        done = work => done,
        () = hold.lost() => Err(DeployError::Interrupted("the lock is gone".to_owned())),
        () = told_to_stop() => Err(DeployError::Interrupted("told to stop".to_owned())),
    }
}

fn place<'a>(context: &'a Context<'_>, desired: &'a Desired, service: &'a str) -> proxy::Place<'a> {
    let is_edge = context.catalog.get(service).is_some_and(|entry| entry.role == Role::Edge);
    proxy::Place {
        environment: &desired.name,
        service,
        network: &desired.network,
        image: &context.settings.proxy_image,
        bind: is_edge.then_some(desired.bind),
    }
}

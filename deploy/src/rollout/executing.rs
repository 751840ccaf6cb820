//! Does what was planned for one service, and goes back by itself when the new container is not fit.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::observing::answered_route;
use super::planning::{Instance, Observed, Step};
use super::target::Target;
use super::{Context, proxy};
use crate::error::DeployError;
use crate::fault;

pub(super) const POLL: Duration = Duration::from_millis(200);

/// A proxy takes a new configuration within that time.
const RELOADS_WITHIN: Duration = Duration::from_secs(15);

/// How much of the log of a container that is not fit is told.
const TOLD_LINES: usize = 20;

/// Processes of a proxy that serves by one configuration alone: its master and a worker.
const SETTLED: usize = 2;

/// Why a plan was not done.
pub(super) enum Fault {
    /// The new container is not fit. Whoever served before serves.
    Unfit { problem: String, log: Vec<String> },
    /// The engine, or this process.
    Other(DeployError),
}

impl From<DeployError> for Fault {
    fn from(error: DeployError) -> Self {
        Self::Other(error)
    }
}

/// The work on one service.
pub(super) struct Execution<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) place: proxy::Place<'a>,
    /// What is created, if the plan says so.
    pub(super) target: Option<&'a Target>,
    /// The one that serves before anything is done.
    pub(super) serving: Option<String>,
    /// The last good one, which is not removed when it is not fit.
    pub(super) kept: Option<String>,
}

impl<'a> Execution<'a> {
    /// The work on a service of which that was observed, with nothing to create.
    pub(super) fn on(context: &'a Context<'a>, place: proxy::Place<'a>, observed: &Observed) -> Self {
        let name = |instance: &Instance| instance.name.clone();
        let (serving, kept) = (observed.current().map(name), observed.kept().map(name));
        Self { context, place, target: None, serving, kept }
    }

    /// Steps of the proxy alone.
    pub(super) async fn prepare(&self, step: &Step) -> Result<(), DeployError> {
        let engine = self.context.engine;
        let route = self.serving.as_deref();
        self.tell(step);
        let (name, aside) = (self.proxy(), format!("{}-replaced", self.proxy()));
        match step {
            Step::StartProxy => {
                engine.upload(&name, proxy::FOLDER, self.configuration(route)?).await?;
                engine.start(&name).await?;
            }
            Step::ReplaceProxy => {
                engine.remove(&aside).await?;
                engine.rename(&name, &aside).await?;
                engine.stop(&aside, Duration::ZERO).await?;
                if let Err(error) = self.make_proxy(&name, route).await {
                    engine.rename(&aside, &name).await?;
                    engine.start(&name).await?;
                    return Err(error);
                }
                engine.remove(&aside).await?;
            }
            _ => {
                // Left by a run that was killed while it replaced one.
                engine.remove(&aside).await?;
                self.make_proxy(&name, route).await?;
            }
        }
        self.routes_to(route).await
    }

    async fn make_proxy(&self, name: &str, route: Option<&str>) -> Result<(), DeployError> {
        let engine = self.context.engine;
        let launch = proxy::launch(&self.place, route).map_err(DeployError::here)?;
        engine.create(&launch).await?;
        if let Err(error) = engine.start(name).await {
            // As when its port is taken. In the engine it would be in the way of the next run.
            engine.remove(name).await?;
            return Err(error);
        }
        Ok(())
    }

    /// All other steps, in order.
    pub(super) async fn run(&self, steps: &[Step]) -> Result<(), Fault> {
        for step in steps {
            self.tell(step);
            let done = match step {
                Step::Create(name) => self.create(name).await,
                Step::Start(name) => self.start(name).await,
                Step::Settle(name) => self.route(Some(name)).await,
                Step::Switch { from, to } => self.switch(from.as_deref(), to).await,
                Step::Drain(name) => self.drain(name).await.map_err(Fault::from),
                Step::Remove(name) => {
                    fault::point(fault::DRAINED);
                    self.context.engine.remove(name).await.map_err(Fault::from)
                }
                Step::MakeProxy | Step::StartProxy | Step::ReplaceProxy => {
                    self.prepare(step).await.map_err(Fault::from)
                }
            };
            if let (
                Err(Fault::Unfit { problem, .. }),
                Step::Create(name) | Step::Start(name) | Step::Switch { to: name, .. },
            ) = (&done, step)
            {
                return Err(self.give_up(name, problem.clone()).await?);
            }
            done?;
        }
        Ok(())
    }

    /// Removes a new container that is not fit, after its last words. One that was good once is kept all the same.
    async fn give_up(&self, name: &str, problem: String) -> Result<Fault, DeployError> {
        let engine = self.context.engine;
        let log = engine.last_lines(name, TOLD_LINES).await;
        self.say(&format!("{name} is not fit: {problem}"));
        if self.kept.as_deref() == Some(name) {
            engine.stop(name, self.context.settings.drain_within).await?;
        } else {
            engine.remove(name).await?;
        }
        Ok(Fault::Unfit { problem, log })
    }

    async fn create(&self, name: &str) -> Result<(), Fault> {
        let Some(target) = self.target else {
            return Err(DeployError::here(format!("nothing says what {name} should be")).into());
        };
        let engine = self.context.engine;
        let address = engine.container(&self.proxy()).await?.and_then(|proxy| proxy.address);
        engine.create(&target.launch(name, self.place.environment, address)?).await?;
        fault::point(fault::CREATED);
        self.start(name).await
    }

    async fn start(&self, name: &str) -> Result<(), Fault> {
        // An image without such a program, for one, cannot be started.
        let started = self.context.engine.start(name).await;
        started.map_err(|error| Fault::Unfit { problem: error.to_string(), log: Vec::new() })?;
        fault::point(fault::STARTED);
        Ok(())
    }

    async fn switch(&self, from: Option<&str>, to: &str) -> Result<(), Fault> {
        self.becomes_ready(to).await?;
        let since = self.started_at(to).await?;
        // Noted before the switch: whoever is routed to is kept running by the engine.
        self.context.engine.keep_running(to).await?;
        let switched = async {
            self.route(Some(to)).await?;
            fault::point(fault::SWITCHED);
            self.say(&format!("{to} serves; it is watched for {} s", self.context.settings.watch.as_secs()));
            self.stays_ready(to, since).await
        };
        match switched.await {
            Err(Fault::Unfit { problem, log }) => {
                self.say(&format!("{to} does not stay ready: {problem}; goes back"));
                // Unless that is seen to be so, both go on running.
                match self.route(from).await {
                    Ok(()) => Err(Fault::Unfit { problem, log }),
                    Err(Fault::Unfit { problem, .. }) => Err(DeployError::here(problem).into()),
                    Err(other) => Err(other),
                }
            }
            otherwise => otherwise,
        }
    }

    /// Has the proxy route to a container, and sees that it does.
    async fn route(&self, to: Option<&str>) -> Result<(), Fault> {
        let engine = self.context.engine;
        engine.upload(&self.proxy(), proxy::FOLDER, self.configuration(to)?).await?;
        fault::point(fault::WRITTEN);
        // Not by the engine's own way to send a signal, after which it takes the container for one that was stopped.
        engine.run_inside(&self.proxy(), &["sh", "-c", "kill -USR2 1"]).await?;
        self.routes_to(to).await.map_err(|error| unfit(error.to_string()))
    }

    async fn routes_to(&self, to: Option<&str>) -> Result<(), DeployError> {
        let deadline = Instant::now() + RELOADS_WITHIN;
        loop {
            let answered = answered_route(self.context.engine, &self.proxy()).await;
            if answered.is_ok_and(|route| route.as_deref() == to) {
                return Ok(());
            }
            if Instant::now() > deadline {
                let said = self.context.engine.last_lines(&self.proxy(), 1).await.pop().unwrap_or_default();
                let (name, seconds) = (self.proxy(), RELOADS_WITHIN.as_secs());
                return Err(DeployError::here(format!(
                    "{name} does not take its configuration within {seconds} s; its last line: {said}"
                )));
            }
            sleep(POLL).await;
        }
    }

    /// Requests in hand go on to the old container until its connections are gone; then it stops, and ends what else it
    /// has in hand.
    async fn drain(&self, name: &str) -> Result<(), DeployError> {
        let engine = self.context.engine;
        let deadline = Instant::now() + proxy::OLD_CONNECTIONS + RELOADS_WITHIN;
        while engine.processes(&self.proxy()).await? > SETTLED && Instant::now() < deadline {
            sleep(POLL).await;
        }
        if self.ended(name).await?.is_some() {
            // One that ended by itself would be started again.
            return engine.stop(name, Duration::ZERO).await;
        }
        engine.terminate(name).await?;
        fault::point(fault::DRAINING);
        let within = self.context.settings.drain_within;
        let deadline = Instant::now() + within;
        while self.ended(name).await?.is_none() {
            if Instant::now() > deadline {
                self.say(&format!("{name} has not stopped within {} s and is killed", within.as_secs()));
                return engine.stop(name, Duration::ZERO).await;
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    fn configuration(&self, route: Option<&str>) -> Result<Vec<u8>, DeployError> {
        proxy::archive(route, self.place.bind.is_some()).map_err(DeployError::here)
    }

    pub(super) fn proxy(&self) -> String {
        format!("{}-{}", self.place.environment, self.place.service)
    }

    fn tell(&self, step: &Step) {
        self.say(&step.to_string());
    }

    fn say(&self, what: &str) {
        (self.context.progress)(&format!("{}: {what}", self.place.service));
    }
}

pub(super) fn unfit(problem: String) -> Fault {
    Fault::Unfit { problem, log: Vec::new() }
}

//! The test of one image: start, get ready, one request, stop.

use std::fmt::Display;
use std::time::{Duration, Instant};

use super::servers::Server;
use super::world::World;
use super::{Outcome, Step, Subject, TOLD_LINES};
use crate::catalog::{Entry, Request};
use crate::engine::{Exit, Launch};
use crate::error::DeployError;
use crate::http::{self, Held};

const POLL: Duration = Duration::from_millis(100);

/// Why the image is not fit, or why that could not be found out.
enum Fault {
    Image { problem: String, container: String },
    Test(DeployError),
}

impl From<DeployError> for Fault {
    fn from(error: DeployError) -> Self {
        Self::Test(error)
    }
}

pub(super) struct Trial<'a> {
    world: &'a World<'a>,
    subject: &'a Subject,
    /// Begins the names of its databases and topics, which two images of one service would share otherwise.
    group: String,
    steps: Vec<Step>,
    /// Every container of this trial, the last one first to go.
    started: Vec<String>,
}

/// A container that runs, and where it answers.
struct Serving {
    container: String,
    address: String,
}

impl Serving {
    fn fault(&self, problem: impl Into<String>) -> Fault {
        Fault::Image { problem: problem.into(), container: self.container.clone() }
    }
}

impl<'a> Trial<'a> {
    pub(super) fn new(world: &'a World<'a>, subject: &'a Subject, number: usize) -> Self {
        let group = format!("{}-{number}", subject.service);
        Self { world, subject, group, steps: Vec::new(), started: Vec::new() }
    }

    pub(super) async fn run(mut self) -> Result<Outcome, DeployError> {
        let tried = self.try_all().await;
        let (problem, log) = match tried {
            Ok(()) => (None, Vec::new()),
            Err(Fault::Image { problem, container }) => {
                (Some(problem), self.world.engine.last_lines(&container, TOLD_LINES).await)
            }
            Err(Fault::Test(error)) => return Err(error),
        };
        for container in self.started.iter().rev() {
            self.world.engine.remove(container).await?;
        }
        Ok(Outcome {
            image: self.subject.name.to_string(),
            id: self.subject.id.clone(),
            service: self.subject.service.clone(),
            passed: problem.is_none(),
            steps: self.steps,
            problem,
            log,
        })
    }

    async fn try_all(&mut self) -> Result<(), Fault> {
        let service = self.subject.service.clone();
        let entry = self.entry(&service)?;
        self.needs(&entry).await?;
        let started = Instant::now();
        let serving = self.serve(&service, &entry, &self.subject.id.clone()).await?;
        self.done("start", started);
        let started = Instant::now();
        self.request(&serving, &entry.request).await?;
        self.done("request", started);
        let started = Instant::now();
        self.drain(&serving, &entry.request).await?;
        self.done("drain", started);
        Ok(())
    }

    fn done(&mut self, name: &str, since: Instant) {
        self.steps.push(Step { name: name.to_owned(), millis: since.elapsed().as_millis() });
    }

    fn entry(&self, service: &str) -> Result<Entry, DeployError> {
        let entry = self.world.catalog.get(service).cloned();
        entry.ok_or_else(|| DeployError::here(format!("docker/services.toml has no service `{service}`")))
    }

    /// Servers first, then the services that the image needs, in the version that was built with it.
    async fn needs(&mut self, entry: &Entry) -> Result<(), Fault> {
        for need in &entry.needs {
            if let Some(server) = Server::named(need) {
                self.world.server(server).await?;
                continue;
            }
            let image = self.subject.name.sibling(need).ok_or_else(|| {
                let name = &self.subject.name;
                DeployError::here(format!("{name} needs {need} of its own version; name it with its tag"))
            })?;
            self.world.engine.image(&image).await?;
            let entry = self.entry(need)?;
            Box::pin(self.needs(&entry)).await?;
            self.serve(need, &entry, image.as_str()).await?;
        }
        Ok(())
    }

    async fn serve(&mut self, service: &str, entry: &Entry, image: &str) -> Result<Serving, Fault> {
        let launch = self.world.service(&self.group, service, entry, image).await?;
        self.started.push(launch.name.clone());
        self.world.engine.create(&launch).await?;
        self.world.engine.start(&launch.name).await?;
        let serving = self.becomes_ready(&launch).await?;
        // The image's own health check, which the engine asks later on.
        let asked = self.world.engine.run_inside(&launch.name, &["/service", "health"]).await;
        asked
            .map_err(|error| serving.fault(format!("is ready, but `/service health` disagrees: {error}")))?;
        Ok(serving)
    }

    async fn becomes_ready(&self, launch: &Launch) -> Result<Serving, Fault> {
        let within = self.world.settings.ready_within;
        let deadline = Instant::now() + within;
        let fault = |problem: String| Fault::Image { problem, container: launch.name.clone() };
        let mut last = "it does not listen".to_owned();
        loop {
            let state = self.world.engine.state(&launch.name).await?;
            if let Some(exit) = state.exit {
                return Err(fault(format!("{} {} before it was ready", launch.alias, ended(exit))));
            }
            if let Some(port) = state.port {
                let address = format!("{}:{port}", self.world.engine.host());
                match http::get(&address, "/readyz?verbose").await {
                    Ok(answer) if answer.status == 200 => {
                        return Ok(Serving { container: launch.name.clone(), address });
                    }
                    Ok(answer) => last = answer.body.replace('\n', "; "),
                    Err(error) => last = error.to_string(),
                }
            }
            if Instant::now() > deadline {
                let seconds = within.as_secs();
                return Err(fault(format!("{} is not ready after {seconds} s: {last}", launch.alias)));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn request(&self, serving: &Serving, request: &Request) -> Result<(), Fault> {
        let asked = format!("{} {}", request.method, request.path);
        let answer = http::ask(&serving.address, request, Some(&self.world.operator.token)).await;
        let answer = answer.map_err(|error| serving.fault(format!("{asked} was not answered: {error}")))?;
        if answer.status != request.status {
            let (got, wanted) = (answer.status, request.status);
            return Err(serving.fault(format!("{asked} was answered {got}, not {wanted}: {}", answer.body)));
        }
        Ok(())
    }

    /// Tells it to stop while it has a request in hand, which must still be answered.
    async fn drain(&self, serving: &Serving, request: &Request) -> Result<(), Fault> {
        let held = match request.body {
            Some(_) => Some(self.hold(serving, request).await?),
            None => None,
        };
        self.world.engine.terminate(&serving.container).await?;
        self.takes_no_more(serving).await?;
        if let Some(held) = held {
            let answer = held.finish().await;
            let answer =
                answer.map_err(|error| serving.fault(format!("dropped a request in hand: {error}")))?;
            if answer.status >= 500 {
                let problem = format!("answered {} to a request in hand: {}", answer.status, answer.body);
                return Err(serving.fault(problem));
            }
        }
        self.ends(serving).await
    }

    async fn hold(&self, serving: &Serving, request: &Request) -> Result<Held, Fault> {
        let held = Held::begin(&serving.address, request, Some(&self.world.operator.token)).await;
        held.map_err(|error| serving.fault(format!("a second {} {}: {error}", request.method, request.path)))
    }

    /// Whoever asks now is told that it drains, or is not let in.
    async fn takes_no_more(&self, serving: &Serving) -> Result<(), Fault> {
        self.until(serving, "still says that it is ready", async || {
            let answer = http::get(&serving.address, "/readyz").await;
            Ok(answer.map_or(true, |answer| answer.status != 200))
        })
        .await
    }

    async fn ends(&self, serving: &Serving) -> Result<(), Fault> {
        self.until(serving, "still runs", async || {
            match self.world.engine.state(&serving.container).await?.exit {
                None => Ok(false),
                Some(Exit { code: 0, .. }) => Ok(true),
                Some(exit) => Err(serving.fault(format!("{} when it was told to stop", ended(exit)))),
            }
        })
        .await
    }

    /// Waits until it is so, at most as long as stopping may take.
    async fn until(
        &self,
        serving: &Serving,
        otherwise: impl Display,
        is_so: impl AsyncFn() -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        let within = self.world.settings.drain_within;
        let deadline = Instant::now() + within;
        while !is_so().await? {
            if Instant::now() > deadline {
                return Err(serving.fault(format!("{otherwise} {} s after SIGTERM", within.as_secs())));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }
}

fn ended(exit: Exit) -> String {
    let why = if exit.out_of_memory { ", out of memory" } else { "" };
    format!("ended with exit code {}{why}", exit.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_it_ended_is_told_in_words() {
        assert_eq!(ended(Exit { code: 2, out_of_memory: false }), "ended with exit code 2");
        assert_eq!(ended(Exit { code: 137, out_of_memory: true }), "ended with exit code 137, out of memory");
    }
}

//! What this tool asks of a Docker engine, in its own words.

mod containers;
mod held;
mod job;
mod launch;
mod registry;
mod state;

use std::collections::HashMap;
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::exec::StartExecResults;
use bollard::models::{ExecConfig, NetworkCreateRequest};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, LogsOptionsBuilder, RemoveContainerOptionsBuilder,
};
use futures::{StreamExt, TryStreamExt};

use crate::error::DeployError;
use crate::image_name::ImageName;
pub(crate) use containers::Container;
pub(crate) use held::Hold;
pub(crate) use job::{Job, Ran};
pub use launch::{Launch, Mounted};
pub(crate) use state::{Exit, Running};

/// How long an engine may take to answer a single question.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// An engine that answered.
#[derive(Debug, Clone)]
pub struct Engine {
    docker: Docker,
    at: Option<String>,
}

/// An image of this engine.
#[derive(Debug, Clone)]
pub struct Image {
    /// `sha256:…` of its configuration: the same in every registry.
    pub id: String,
    /// Its labels.
    pub labels: HashMap<String, String>,
    /// `NAME@sha256:…`, as registries know it from which it came.
    pub digests: Vec<String>,
}

impl Engine {
    /// The engine that `DOCKER_HOST` names, or this machine's.
    ///
    /// # Errors
    /// [`DeployError::Engine`] when there is none.
    pub async fn connect() -> Result<Self, DeployError> {
        let at = std::env::var("DOCKER_HOST").ok().filter(|at| !at.is_empty());
        let unreachable = |error: Error| DeployError::Engine {
            at: at.clone(),
            reason: format!("does not answer: {}", root_of(&error)),
        };
        let docker = Docker::connect_with_defaults().map_err(unreachable)?.with_timeout(ANSWERS_WITHIN);
        // An older engine refuses questions of a newer API.
        let docker = docker.negotiate_version().await.map_err(unreachable)?;
        Ok(Self { docker, at })
    }

    /// Where ports of its containers are reached: on this machine, or on the one that `DOCKER_HOST` names.
    #[must_use]
    pub fn host(&self) -> &str {
        let remote = self
            .at
            .as_deref()
            .and_then(|at| at.strip_prefix("tcp://").or_else(|| at.strip_prefix("http://")));
        remote.map_or("127.0.0.1", |remote| remote.split([':', '/']).next().unwrap_or(remote))
    }

    /// Looks an image up; nothing is pulled.
    ///
    /// # Errors
    /// [`DeployError::NoImage`] when there is none.
    pub async fn image(&self, name: &ImageName) -> Result<Image, DeployError> {
        match self.docker.inspect_image(name.as_str()).await {
            Ok(found) => {
                let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
                let digests = found.repo_digests.unwrap_or_default();
                Ok(Image { id: found.id.unwrap_or_default(), labels, digests })
            }
            Err(error) if is_missing(&error) => Err(DeployError::NoImage(name.to_string())),
            Err(error) => Err(self.failed("looking an image up", &error)),
        }
    }

    /// Pulls an image unless this engine has it.
    pub(crate) async fn present(&self, name: &ImageName) -> Result<(), DeployError> {
        if !matches!(self.image(name).await, Err(DeployError::NoImage(_))) {
            return Ok(());
        }
        self.pull(name).await
    }

    pub(crate) async fn create_network(&self, name: &str, label: (&str, &str)) -> Result<(), DeployError> {
        let labels = Some(HashMap::from([(label.0.to_owned(), label.1.to_owned())]));
        let request = NetworkCreateRequest { name: name.to_owned(), labels, ..Default::default() };
        self.docker
            .create_network(request)
            .await
            .map(drop)
            .map_err(|error| self.failed("making a network", &error))
    }

    pub(crate) async fn remove_network(&self, name: &str) -> Result<(), DeployError> {
        self.docker.remove_network(name).await.map_err(|error| self.failed("removing a network", &error))
    }

    /// Creates a container and puts files into its volumes, but does not start it.
    pub(crate) async fn create(&self, launch: &Launch) -> Result<(), DeployError> {
        let created = self.docker.create_container(Some(launch.options()), launch.body()).await;
        created.map_err(|error| self.failed(&format!("creating {}", launch.name), &error))?;
        for volume in &launch.volumes {
            if let Some(files) = &volume.files {
                self.upload(&launch.name, &volume.at, files.clone()).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn start(&self, container: &str) -> Result<(), DeployError> {
        let started = self.docker.start_container(container, None).await;
        started.map_err(|error| self.failed(&format!("starting {container}"), &error))
    }

    /// How a container is doing now.
    pub(crate) async fn state(&self, container: &str) -> Result<Running, DeployError> {
        let found = self.docker.inspect_container(container, None).await;
        Ok(Running::of(found.map_err(|error| self.failed(&format!("looking {container} up"), &error))?))
    }

    pub(crate) async fn terminate(&self, container: &str) -> Result<(), DeployError> {
        self.signal(container, "SIGTERM").await
    }

    /// Runs a command inside a container, and gives what it wrote when it succeeds.
    pub(crate) async fn run_inside(&self, container: &str, command: &[&str]) -> Result<String, DeployError> {
        let what = format!("running {} in {container}", command.first().unwrap_or(&""));
        let failed = |error: Error| self.failed(&what, &error);
        let config = ExecConfig {
            cmd: Some(command.iter().map(|word| (*word).to_owned()).collect()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..Default::default()
        };
        let exec = self.docker.create_exec(container, config).await.map_err(failed)?;
        let mut text = String::new();
        if let StartExecResults::Attached { mut output, .. } =
            self.docker.start_exec(&exec.id, None).await.map_err(failed)?
        {
            while let Some(part) = output.try_next().await.map_err(failed)? {
                text.push_str(&part.to_string());
            }
        }
        let ended = self.docker.inspect_exec(&exec.id).await.map_err(failed)?;
        match ended.exit_code {
            Some(0) => Ok(text),
            _ => Err(DeployError::Engine {
                at: self.at.clone(),
                reason: format!("{what}: {}", last_line(&text)),
            }),
        }
    }

    /// The last lines that a container wrote.
    pub(crate) async fn last_lines(&self, container: &str, lines: usize) -> Vec<String> {
        let options =
            LogsOptionsBuilder::default().stdout(true).stderr(true).tail(&lines.to_string()).build();
        let mut logs = self.docker.logs(container, Some(options));
        let mut text = String::new();
        // What can be read of them: this is for a report of something else that failed.
        while let Some(Ok(part)) = logs.next().await {
            text.push_str(&part.to_string());
        }
        text.lines().map(str::to_owned).collect()
    }

    /// Every container with this label, running or not.
    pub(crate) async fn labelled(&self, label: (&str, &str)) -> Result<Vec<String>, DeployError> {
        let filters = HashMap::from([("label".to_owned(), vec![format!("{}={}", label.0, label.1)])]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let found = self.docker.list_containers(Some(options)).await;
        let found = found.map_err(|error| self.failed("listing containers", &error))?;
        Ok(found.into_iter().filter_map(|container| container.id).collect())
    }

    /// Removes a container with its volumes, whatever it does now.
    pub(crate) async fn remove(&self, container: &str) -> Result<(), DeployError> {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        match self.docker.remove_container(container, Some(options)).await {
            Err(error) if !is_missing(&error) => Err(self.failed(&format!("removing {container}"), &error)),
            _ => Ok(()),
        }
    }

    fn failed(&self, what: &str, error: &Error) -> DeployError {
        DeployError::Engine { at: self.at.clone(), reason: format!("{what}: {}", root_of(error)) }
    }
}

fn is_missing(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 404, .. })
}

/// What the engine said, or why it said nothing; on one line.
fn root_of(error: &Error) -> String {
    let text = match error {
        Error::DockerResponseServerError { message, .. } => message.clone(),
        other => {
            let mut deepest: &dyn std::error::Error = other;
            while let Some(source) = deepest.source() {
                deepest = source;
            }
            deepest.to_string()
        }
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn last_line(text: &str) -> &str {
    text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing")
}

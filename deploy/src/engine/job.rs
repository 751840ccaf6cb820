//! A program of an image, run to its end in a container that reaches nothing.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bollard::body_full;
use bollard::container::LogOutput;
use bollard::models::{ContainerCreateBody, HealthConfig, HostConfig, Mount, MountType};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, LogsOptionsBuilder, UploadToContainerOptionsBuilder,
};
use futures::TryStreamExt;

use super::Engine;
use crate::error::DeployError;

const POLL: Duration = Duration::from_millis(100);

/// What is to be run.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// The container's name in the engine.
    pub(crate) name: String,
    /// The image, whose program it is.
    pub(crate) image: String,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
    /// Where its files lie, and a tar archive of them. They are all that it may write to.
    pub(crate) files: (String, Vec<u8>),
    /// By which the container is found.
    pub(crate) label: (String, String),
    /// How long it may take.
    pub(crate) within: Duration,
}

/// How it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ran {
    /// The exit code; `None` when it did not end in time.
    pub(crate) code: Option<i64>,
    /// What it wrote.
    pub(crate) stdout: String,
    /// What it wrote beside that.
    pub(crate) stderr: String,
}

impl Engine {
    /// Runs `job` without a network and on a root that cannot be written to, and removes its container.
    pub(crate) async fn run_to_its_end(&self, job: &Job) -> Result<Ran, DeployError> {
        let ran = self.run_job(job).await;
        self.remove(&job.name).await?;
        ran
    }

    async fn run_job(&self, job: &Job) -> Result<Ran, DeployError> {
        let options = CreateContainerOptionsBuilder::default().name(&job.name).build();
        let created = self.docker.create_container(Some(options), body(job)).await;
        created.map_err(|error| self.failed(&format!("creating {}", job.name), &error))?;
        let (at, files) = &job.files;
        let options = UploadToContainerOptionsBuilder::default().path(at).build();
        let upload =
            self.docker.upload_to_container(&job.name, Some(options), body_full(files.clone().into()));
        upload.await.map_err(|error| self.failed(&format!("giving {} its files", job.name), &error))?;
        self.start(&job.name).await?;
        let deadline = Instant::now() + job.within;
        let code = loop {
            if let Some(exit) = self.state(&job.name).await?.exit {
                break Some(exit.code);
            }
            if Instant::now() > deadline {
                break None;
            }
            tokio::time::sleep(POLL).await;
        };
        let (stdout, stderr) = self.written_by(&job.name).await?;
        Ok(Ran { code, stdout, stderr })
    }

    /// All that a container wrote, to the one and to the other.
    async fn written_by(&self, container: &str) -> Result<(String, String), DeployError> {
        let options = LogsOptionsBuilder::default().stdout(true).stderr(true).build();
        let mut logs = self.docker.logs(container, Some(options));
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let failed = |error| self.failed(&format!("reading what {container} wrote"), &error);
        while let Some(part) = logs.try_next().await.map_err(failed)? {
            match part {
                LogOutput::StdErr { message } => stderr.extend_from_slice(&message),
                other => stdout.extend_from_slice(&other.into_bytes()),
            }
        }
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok((text(stdout), text(stderr)))
    }
}

fn body(job: &Job) -> ContainerCreateBody {
    let mount =
        Mount { target: Some(job.files.0.clone()), typ: Some(MountType::VOLUME), ..Default::default() };
    ContainerCreateBody {
        image: Some(job.image.clone()),
        cmd: Some(job.arguments.clone()),
        labels: Some(HashMap::from([job.label.clone()])),
        // The image's own asks a service, which this is not.
        healthcheck: Some(HealthConfig { test: Some(vec!["NONE".to_owned()]), ..Default::default() }),
        host_config: Some(HostConfig {
            network_mode: Some("none".to_owned()),
            mounts: Some(vec![mount]),
            readonly_rootfs: Some(true),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_reaches_nothing_and_writes_nowhere() {
        let job = Job {
            name: "n".to_owned(),
            image: "i".to_owned(),
            arguments: vec!["history".to_owned()],
            files: ("/history".to_owned(), Vec::new()),
            label: ("a".to_owned(), "b".to_owned()),
            within: POLL,
        };
        let body = body(&job);
        let host = body.host_config.unwrap();
        assert_eq!(body.cmd.unwrap(), ["history"]);
        assert_eq!((host.network_mode.as_deref(), host.readonly_rootfs), (Some("none"), Some(true)));
        assert_eq!(host.cap_drop.unwrap(), ["ALL"]);
    }
}

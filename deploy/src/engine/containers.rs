//! What a deployment asks of containers that go on running when it has ended.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use bollard::models::{ContainerInspectResponse, ContainerUpdateBody, HostConfig, RestartPolicyNameEnum};
use bollard::query_parameters::{
    DownloadFromContainerOptionsBuilder, KillContainerOptionsBuilder, RemoveContainerOptionsBuilder,
    RenameContainerOptionsBuilder, StopContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};
use bollard::{Docker, body_full};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;

use super::launch::restart_unless_stopped;
use super::{ANSWERS_WITHIN, Engine, is_missing};
use crate::error::DeployError;

/// A container, as the engine describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Container {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The id of its image.
    pub(crate) image_id: String,
    pub(crate) labels: HashMap<String, String>,
    pub(crate) running: bool,
    /// Whether it ended by itself, and the engine is about to start it again.
    pub(crate) restarting: bool,
    /// When it was started last; none when it never was.
    pub(crate) started_at: Option<DateTime<Utc>>,
    /// Whether the engine starts it again by itself.
    pub(crate) restarted: bool,
    /// Its network.
    pub(crate) network: Option<String>,
    /// Its address there, while it runs.
    pub(crate) address: Option<IpAddr>,
}

impl Container {
    fn of(found: ContainerInspectResponse) -> Self {
        let state = found.state.unwrap_or_default();
        let networks = found.network_settings.unwrap_or_default();
        let addresses = networks.networks.unwrap_or_default();
        let network = addresses.keys().next().cloned();
        let address = addresses.into_values().filter_map(|endpoint| endpoint.ip_address?.parse().ok()).next();
        let started_at = state.started_at.and_then(|at| at.parse::<DateTime<Utc>>().ok());
        let policy = found.host_config.and_then(|host: HostConfig| host.restart_policy?.name);
        Self {
            id: found.id.unwrap_or_default(),
            name: found.name.unwrap_or_default().trim_start_matches('/').to_owned(),
            image_id: found.image.unwrap_or_default(),
            labels: found.config.and_then(|config| config.labels).unwrap_or_default(),
            // One that the engine starts again and again does not run in between.
            running: state.running == Some(true) && state.restarting != Some(true),
            restarting: state.restarting == Some(true),
            // The engine's word for never is the first year.
            started_at: started_at.filter(|at| at.timestamp() > 0),
            restarted: policy == Some(RestartPolicyNameEnum::UNLESS_STOPPED),
            network,
            address,
        }
    }

    /// One of its labels; empty when it has no such one.
    pub(crate) fn label(&self, key: &str) -> &str {
        self.labels.get(key).map_or("", String::as_str)
    }
}

impl Engine {
    /// Everything that has this label, by name.
    pub(crate) async fn containers(&self, label: (&str, &str)) -> Result<Vec<Container>, DeployError> {
        let mut found = Vec::new();
        for id in self.labelled(label).await? {
            // One that was removed meanwhile is no longer of interest.
            found.extend(self.container(&id).await?);
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    pub(crate) async fn container(&self, name: &str) -> Result<Option<Container>, DeployError> {
        match self.docker.inspect_container(name, None).await {
            Ok(found) => Ok(Some(Container::of(found))),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(self.failed(&format!("looking {name} up"), &error)),
        }
    }

    /// Whether there is a network of this name.
    pub(crate) async fn has_network(&self, name: &str) -> Result<bool, DeployError> {
        match self.docker.inspect_network(name, None).await {
            Ok(_) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(self.failed("looking a network up", &error)),
        }
    }

    /// Tells a container to stop, and waits until it has; one that does not within the time is killed.
    pub(crate) async fn stop(&self, name: &str, within: Duration) -> Result<(), DeployError> {
        let failed = |error| self.failed(&format!("stopping {name}"), &error);
        let patient: Docker = self.docker.clone().with_timeout(within + ANSWERS_WITHIN);
        let seconds = i32::try_from(within.as_secs()).unwrap_or(i32::MAX);
        let options = StopContainerOptionsBuilder::default().t(seconds).build();
        patient.stop_container(name, Some(options)).await.map_err(failed)
    }

    pub(crate) async fn rename(&self, name: &str, to: &str) -> Result<(), DeployError> {
        let options = RenameContainerOptionsBuilder::default().name(to).build();
        let renamed = self.docker.rename_container(name, options).await;
        renamed.map_err(|error| self.failed(&format!("renaming {name}"), &error))
    }

    pub(crate) async fn signal(&self, name: &str, signal: &str) -> Result<(), DeployError> {
        let options = KillContainerOptionsBuilder::default().signal(signal).build();
        let told = self.docker.kill_container(name, Some(options)).await;
        told.map_err(|error| self.failed(&format!("sending {signal} to {name}"), &error))
    }

    /// From now on the engine starts it again when it ends by itself.
    pub(crate) async fn keep_running(&self, name: &str) -> Result<(), DeployError> {
        let update =
            ContainerUpdateBody { restart_policy: Some(restart_unless_stopped()), ..Default::default() };
        let updated = self.docker.update_container(name, update).await;
        updated.map_err(|error| self.failed(&format!("having {name} kept running"), &error))
    }

    /// Unpacks a tar archive in a volume of a container.
    pub(crate) async fn upload(&self, name: &str, at: &str, files: Vec<u8>) -> Result<(), DeployError> {
        let options = UploadToContainerOptionsBuilder::default().path(at).build();
        let uploaded = self.docker.upload_to_container(name, Some(options), body_full(files.into())).await;
        uploaded.map_err(|error| self.failed(&format!("giving {name} its files"), &error))
    }

    /// A file or folder of a container as a tar archive; none when there is no such thing.
    pub(crate) async fn download(&self, name: &str, path: &str) -> Result<Option<Vec<u8>>, DeployError> {
        let options = DownloadFromContainerOptionsBuilder::default().path(path).build();
        let read: Result<Vec<_>, _> =
            self.docker.download_from_container(name, Some(options)).try_collect().await;
        match read {
            Ok(parts) => Ok(Some(parts.concat())),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(self.failed(&format!("reading {path} of {name}"), &error)),
        }
    }

    /// How many processes a container has.
    pub(crate) async fn processes(&self, name: &str) -> Result<usize, DeployError> {
        let top = self.docker.top_processes(name, None).await;
        let top = top.map_err(|error| self.failed(&format!("listing the processes of {name}"), &error))?;
        Ok(top.processes.map_or(0, |processes| processes.len()))
    }

    /// Removes a container unless it runs.
    pub(crate) async fn remove_stopped(&self, name: &str) -> Result<(), DeployError> {
        let options = RemoveContainerOptionsBuilder::default().v(true).build();
        match self.docker.remove_container(name, Some(options)).await {
            Err(error) if !is_missing(&error) => Err(self.failed(&format!("removing {name}"), &error)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(json: &str) -> Container {
        Container::of(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn what_the_engine_says_of_a_running_container() {
        let container = described(
            r#"{"Id": "a", "Name": "/bank-accounts-2", "Image": "sha256:1",
                "State": {"Running": true, "StartedAt": "2026-01-02T03:04:05.6Z"},
                "HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}},
                "Config": {"Labels": {"x": "y"}},
                "NetworkSettings": {"Networks": {"n": {"IPAddress": "172.18.0.5"}}}}"#,
        );
        assert_eq!(
            (container.name.as_str(), container.label("x"), container.label("z")),
            ("bank-accounts-2", "y", "")
        );
        assert!(container.running && container.restarted && container.started_at.is_some());
        assert_eq!(container.address.unwrap().to_string(), "172.18.0.5");
        assert_eq!(container.network.as_deref(), Some("n"));
    }

    #[test]
    fn one_that_was_never_started_and_one_that_the_engine_tries_again() {
        let created = described(r#"{"State": {"Running": false, "StartedAt": "0001-01-01T00:00:00Z"}}"#);
        assert!(!created.running && created.started_at.is_none() && !created.restarted);
        let again = described(r#"{"State": {"Running": true, "Restarting": true}}"#);
        assert!(!again.running && again.restarting);
    }
}

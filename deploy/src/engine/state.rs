//! How a container is doing.

use bollard::models::{ContainerInspectResponse, HealthStatusEnum};

/// How a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exit {
    /// 128 and the number of a signal when that ended it.
    pub(crate) code: i64,
    /// Whether it wanted more memory than there was.
    pub(crate) out_of_memory: bool,
}

/// What the engine says of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Running {
    /// How it ended, when it has.
    pub(crate) exit: Option<Exit>,
    /// What its health check says.
    pub(crate) healthy: bool,
    /// The port outside that leads to the published one.
    pub(crate) port: Option<u16>,
}

impl Running {
    pub(super) fn of(found: ContainerInspectResponse) -> Self {
        let state = found.state.unwrap_or_default();
        let has_ended =
            state.running == Some(false) && state.started_at.as_deref() != Some("0001-01-01T00:00:00Z");
        let exit = has_ended.then(|| Exit {
            code: state.exit_code.unwrap_or_default(),
            out_of_memory: state.oom_killed.unwrap_or_default(),
        });
        let healthy = state.health.and_then(|health| health.status) == Some(HealthStatusEnum::HEALTHY);
        let ports = found.network_settings.and_then(|network| network.ports).unwrap_or_default();
        let bound = ports.into_values().flatten().flatten().find_map(|binding| binding.host_port);
        Self { exit, healthy, port: bound.and_then(|port| port.parse().ok()) }
    }
}

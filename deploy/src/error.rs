//! What can go wrong, in one line each.

use thiserror::Error;

/// Why a command did not do what it was asked.
#[derive(Debug, Error)]
pub enum DeployError {
    /// No Docker engine, or it did not do as it was told.
    #[error("the Docker engine{}: {reason}", at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default())]
    Engine {
        /// Where the engine is, when the environment names it.
        at: Option<String>,
        /// What was tried, and what came of it.
        reason: String,
    },
    /// There is no such image on this engine.
    #[error("there is no image {0}; build or pull it first")]
    NoImage(String),
    /// An image of something else than a service.
    #[error("{image} is no service of docker/services.toml: it is called `{name}`; there are {known}")]
    UnknownService {
        /// The image as it was named.
        image: String,
        /// What its label, or its name, says it is.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A file of the repository, or a record, cannot be used.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A server that the images need did not get ready.
    #[error("{server} (image {image}) did not get ready: {reason}")]
    Server {
        /// `postgres`, `kafka` or `mongo`.
        server: String,
        /// Its image.
        image: String,
        /// What happened instead.
        reason: String,
    },
    /// A flag's value.
    #[error("{flag}: {reason}")]
    Argument {
        /// The flag.
        flag: String,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// A field of the desired state names something that there is not.
    #[error("{field}: {reason}")]
    Unavailable {
        /// The field.
        field: String,
        /// What there is not.
        reason: String,
    },
    /// Two deployments at once.
    #[error(
        "somebody else deploys to {environment}: on {host}, pid {pid}, since {since}; try again when it is done"
    )]
    Locked {
        /// The environment.
        environment: String,
        /// The machine of the other one.
        host: String,
        /// Its process there.
        pid: String,
        /// Since when.
        since: String,
    },
    /// There is nothing to go back to.
    #[error(
        "there is no last good version of {service} in {environment} to roll back to that the latest deployment replaced; \
         `status` tells what is kept"
    )]
    NothingKept {
        /// The service.
        service: String,
        /// The environment.
        environment: String,
    },
    /// A proxy of other settings can only be replaced by cutting its connections.
    #[error(
        "the proxy of {service} was made with other settings; --replace-proxies replaces it, which cuts its connections for a moment"
    )]
    OtherProxy {
        /// The service.
        service: String,
    },
    /// What serves cannot be reached from another network.
    #[error(
        "network: {service} runs in {network}; remove the containers of the environment before it is deployed to another"
    )]
    OtherNetwork {
        /// The service.
        service: String,
        /// Where it runs.
        network: String,
    },
    /// The last good one of the edge was told of a proxy at another address.
    #[error(
        "the proxy of {service} has another address since the last good one was started, which would not believe it; \
         `apply` with --set {service}=VERSION brings that version"
    )]
    OtherAddress {
        /// The service.
        service: String,
    },
    /// Told to stop, or the lock is gone.
    #[error("{0}; whoever served serves, and the next run finishes the rest")]
    Interrupted(String),
    /// Something of this process's own, such as its source of random bytes.
    #[error("{0}")]
    Here(String),
}

impl DeployError {
    pub(crate) fn file(path: &std::path::Path, reason: impl std::fmt::Display) -> Self {
        Self::File { path: path.display().to_string(), reason: reason.to_string() }
    }

    pub(crate) fn here(reason: impl std::fmt::Display) -> Self {
        Self::Here(reason.to_string())
    }
}

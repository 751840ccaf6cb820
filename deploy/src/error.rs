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

//! A container that lives as long as this process holds it: when the connection goes, however the process ended, its
//! standard input ends, and so does it.

use std::pin::Pin;

use bollard::container::AttachContainerResults;
use bollard::errors::Error;
use bollard::query_parameters::AttachContainerOptionsBuilder;
use futures::StreamExt;
use tokio::io::AsyncWrite;

use super::{Engine, Launch};
use crate::error::DeployError;

/// The connection that holds it.
pub(crate) struct Hold {
    /// Its standard input, which is never written to.
    _input: Pin<Box<dyn AsyncWrite + Send>>,
    output: Pin<Box<dyn futures::Stream<Item = Result<bollard::container::LogOutput, Error>> + Send>>,
}

impl Hold {
    /// Waits until it is gone, which nothing but an accident makes it while this process holds it.
    pub(crate) async fn lost(&mut self) {
        while let Some(Ok(_)) = self.output.next().await {}
    }
}

impl Engine {
    /// Creates, holds and starts it. `None` when there is one of that name, or somebody removed it before it was started.
    pub(crate) async fn hold(&self, launch: &Launch) -> Result<Option<Hold>, DeployError> {
        let what = format!("starting {}", launch.name);
        let taken = |error: Error| match error {
            Error::DockerResponseServerError { status_code: 404 | 409, .. } => Ok(None),
            error => Err(self.failed(&what, &error)),
        };
        // By its id from here on: whoever removes it and takes the name has another one.
        let id = match self.docker.create_container(Some(launch.options()), launch.body()).await {
            Ok(created) => created.id,
            Err(error) => return taken(error),
        };
        let options = AttachContainerOptionsBuilder::default().stdin(true).stdout(true).stream(true).build();
        let AttachContainerResults { output, input } =
            match self.docker.attach_container(&id, Some(options)).await {
                Ok(attached) => attached,
                Err(error) => return taken(error),
            };
        match self.docker.start_container(&id, None).await {
            Ok(()) => Ok(Some(Hold { _input: input, output })),
            Err(error) => taken(error),
        }
    }
}

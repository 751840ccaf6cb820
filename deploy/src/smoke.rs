//! Whether an image is fit to be published: it starts on real servers, gets ready, answers one real request, and stops
//! without dropping what it has in hand.

mod operator;
mod servers;
mod trial;
mod world;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::engine::Engine;
use crate::error::DeployError;
use crate::image_name::ImageName;
use crate::record::{Record, Tested};
use crate::signals::told_to_stop;
pub(crate) use servers::ServerImages;
use trial::Trial;
use world::World;

/// How much of a failing container's log is told.
const TOLD_LINES: usize = 20;

/// How patient a smoke test is, and where it notes what it found.
#[derive(Debug, Clone)]
pub struct SmokeSettings {
    /// The images of the servers.
    pub(crate) servers: ServerImages,
    /// How long a container may take to get ready.
    pub ready_within: Duration,
    /// How long it may take to stop.
    pub drain_within: Duration,
    /// The folder of the records.
    pub records: PathBuf,
}

/// Something that an image did, and how long it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// `start`, `request` or `drain`.
    pub name: String,
    /// How long it took.
    pub millis: u128,
}

/// What became of one image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The image as it was named.
    pub image: String,
    /// `sha256:…`, by which publishing knows it.
    pub id: String,
    /// What the image is of.
    pub service: String,
    /// Whether it is fit.
    pub passed: bool,
    /// What it did, up to the failure.
    pub steps: Vec<Step>,
    /// Why it is not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The last lines of the container that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

impl Tested for Outcome {
    fn id(&self) -> &str {
        &self.id
    }
}

/// An image that is to be tested.
pub(crate) struct Subject {
    pub(crate) name: ImageName,
    pub(crate) id: String,
    pub(crate) service: String,
}

/// Tests one image after another, and notes each outcome. Everything is looked up before anything is started.
///
/// # Errors
/// [`DeployError`] when there is no such image or service, or the test itself could not be made. An image that fails is
/// an [`Outcome`].
pub(crate) async fn run(
    engine: &Engine,
    catalog: &Catalog,
    settings: &SmokeSettings,
    images: &[ImageName],
) -> Result<Vec<Outcome>, DeployError> {
    let mut subjects = Vec::new();
    for image in images {
        subjects.push(subject(engine, catalog, image).await?);
    }
    let world = World::new(engine, catalog, settings).await?;
    let tested = tokio::select! {
        tested = test_all(&world, &subjects) => tested,
        () = told_to_stop() => Err(DeployError::here("told to stop; nothing is left in the engine")),
    };
    world.tear_down().await?;
    tested
}

async fn test_all(world: &World<'_>, subjects: &[Subject]) -> Result<Vec<Outcome>, DeployError> {
    let mut outcomes = Vec::new();
    for (number, subject) in subjects.iter().enumerate() {
        let outcome = Trial::new(world, subject, number).run().await?;
        Record::of(&outcome).write(&world.settings.records)?;
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// An image says itself what it is of; one that does not is taken by its name.
pub(crate) async fn subject(
    engine: &Engine,
    catalog: &Catalog,
    image: &ImageName,
) -> Result<Subject, DeployError> {
    let found = engine.image(image).await?;
    let label = found.labels.get("org.opencontainers.image.title").map(String::as_str);
    let name = label.filter(|title| !title.is_empty()).unwrap_or_else(|| image.last_part());
    if catalog.get(name).is_none() {
        let known = catalog.names().collect::<Vec<_>>().join(", ");
        return Err(DeployError::UnknownService { image: image.to_string(), name: name.to_owned(), known });
    }
    Ok(Subject { name: image.clone(), id: found.id, service: name.to_owned() })
}

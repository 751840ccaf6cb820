//! Builds the views anew from the topics, beside the ones that are read, and switches.
//!
//! # Why nothing is lost
//!
//! A projector calls an event done only after it (1) wrote it to every generation that the record of generations
//! named, and (2) read that record again and found no other ([`crate::projector`]). A rebuild
//!
//! 1. begins a generation that only it knows, and fills it from the start of the topics;
//! 2. *announces* it in the record: from then on projectors write to it as well;
//! 3. reads the topics to their end once more;
//! 4. switches, by one change of the one record.
//!
//! An event whose projector read the record before step 2 was in its topic by then, so step 3 brings it. Every
//! other event was written to the new generation by its projector. The only way out is an event that a projector
//! could not bring in, because events before it were still missing there and their owner could not be asked: the
//! projector then counts it in the record, and step 4 requires the count that was read before step 3, so the
//! rebuild goes back to step 3. Whoever dies on the way, the record names complete generations only: a rebuild
//! that died leaves one that is never read, and the next rebuild removes it.
//!
//! What is written twice, by the rebuild and by a projector, meets the versions in the views and the revisions of
//! the documents like any other repetition.

mod compare;
mod topics;

use std::collections::BTreeMap;
use std::sync::Arc;

use messaging::{Bus, BusError, StreamSource};
use thiserror::Error;

pub use self::compare::{Difference, differences};
use self::topics::TopicReader;
use crate::store::{Building, Generation, ViewError, ViewStore};

/// How often the topics are read again because a projector missed an event.
const ROUNDS: usize = 20;

/// Why the views were not rebuilt; the ones that are read stay as they are.
#[derive(Debug, Error)]
pub enum RebuildError {
    /// The store of views failed.
    #[error(transparent)]
    Views(#[from] ViewError),
    /// The topics cannot be read.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// Events are missing from the topics, and their owner cannot be asked.
    #[error("{0} is missing from the topics, and its owner does not lend it")]
    Missing(String),
    /// Another rebuild began after this one.
    #[error("another rebuild has begun")]
    Overtaken,
    /// Projectors missed events again and again, because the owners of the streams cannot be asked.
    #[error("events kept arriving that could not be brought in; is a service down that owns them?")]
    NotSettled,
}

/// What a rebuild did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebuildReport {
    /// The generation that is read from now on.
    pub generation: Generation,
    /// How many messages were read.
    pub messages: usize,
    /// What was not the same before, apart from what was on its way.
    pub differences: Vec<Difference>,
    /// Streams with an event that cannot be read, and the reason; their views end before it.
    pub unreadable: BTreeMap<String, String>,
}

/// Rebuilds the views from the topics of `bus`; see the module's documentation. Updaters may run meanwhile.
///
/// # Errors
/// [`RebuildError`]; nothing has changed then for those who read.
pub async fn rebuild(
    views: Arc<dyn ViewStore>,
    bus: Arc<dyn Bus>,
    owner: Arc<dyn StreamSource>,
) -> Result<RebuildReport, RebuildError> {
    let old = views.generations().await?.active;
    let generation = views.begin_generation().await?;
    let mut topics = TopicReader::new(Arc::clone(&views), bus, owner, generation);
    topics.read_to_end().await?;
    if !views.announce(generation).await? {
        return Err(RebuildError::Overtaken);
    }
    for _ in 0..ROUNDS {
        let building = building(views.as_ref(), generation).await?;
        topics.read_to_end().await?;
        let differences = differences(views.as_ref(), old, generation).await?;
        if views.switch(building).await? {
            views.drop_generation(old).await?;
            let (messages, unreadable) = topics.finish();
            return Ok(RebuildReport { generation, messages, differences, unreadable });
        }
    }
    Err(RebuildError::NotSettled)
}

/// The record of the generation, which says how many events were missed.
async fn building(views: &dyn ViewStore, generation: Generation) -> Result<Building, RebuildError> {
    let building = views.generations().await?.building;
    building.filter(|building| building.generation == generation).ok_or(RebuildError::Overtaken)
}

//! Command lanes: each stream has its lane, and a lane carries out all commands that wait at once.
//!
//! What costs is the round trip and the transaction, so a lane takes every waiting command, decides them in order and
//! writes what they caused in one statement. There is no timer: the next batch grows while the last one commits.
//!
//! Invariants: a stream's commands meet in one lane of a process, so that only another process can be faster. A cached
//! state moves forward only by a commit that is known to stand. Nothing is answered before the commit, refusals
//! included; a refusal that is not stored is answered only after the stream's version was found unchanged.

mod cache;
mod lane;
mod retry;
mod round;
mod snapshots;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::Aggregate;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use uuid::Uuid;

use super::{Answer, CommandPath, ExecuteError};
use crate::command::CommandContext;
use crate::error::StoreError;
use crate::repository::Repository;
use lane::Lane;

/// How many lanes there are and what each may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneSettings {
    /// Commits that can be under way at the same time. More lanes make smaller batches.
    pub lanes: usize,
    /// Commands that may wait in one lane; one more is refused as [`ExecuteError::Overloaded`].
    pub queue: usize,
    /// Commands that a lane carries out at once at most.
    pub batch: usize,
    /// Memory for folded states in all lanes together, in bytes.
    pub cache_bytes: u64,
    /// How long the store may take for one call before it counts as not answering.
    pub store_patience: Duration,
}

impl LaneSettings {
    /// As a service is configured: how many lanes, how many commands may wait in each, and how much memory all of them
    /// have for states, in MiB.
    #[must_use]
    pub fn sized(lanes: NonZeroUsize, queue: NonZeroUsize, cache_mib: u64) -> Self {
        let (lanes, queue) = (lanes.get(), queue.get());
        Self { lanes, queue, cache_bytes: cache_mib.saturating_mul(1024 * 1024), ..Self::default() }
    }
}

impl Default for LaneSettings {
    fn default() -> Self {
        Self {
            lanes: 2,
            queue: 1024,
            batch: 256,
            cache_bytes: 32 * 1024 * 1024,
            store_patience: Duration::from_secs(10),
        }
    }
}

/// A command on its way, and who waits for its answer. It goes through several lists, so it is passed on in a box.
struct Waiting<A: Aggregate> {
    id: Uuid,
    command: A::Command,
    context: CommandContext,
    answer: oneshot::Sender<Answer<A>>,
    /// How often another writer was faster.
    conflicts: u32,
    /// How often the database did not answer.
    silences: u32,
    /// Whether the command may be recorded already, so that its record is looked for before anything else.
    may_be_recorded: bool,
    /// The room in the lane that a patient command holds until it is answered.
    _room: Option<OwnedSemaphorePermit>,
}

impl<A: Aggregate> Waiting<A> {
    /// Nobody may be waiting any more; the command counts all the same.
    fn answer(self, answer: Answer<A>) {
        let _ = self.answer.send(answer);
    }
}

pub(super) struct LanePath<A: Aggregate> {
    entrances: Vec<Entrance<A>>,
}

/// Where commands enter a lane.
struct Entrance<A: Aggregate> {
    queue: mpsc::Sender<Box<Waiting<A>>>,
    /// Room for commands that wait for room. They have half of the queue: whoever waits for a place in it goes before
    /// whoever only tries, so that a backlog of messages would otherwise shut out every request.
    patient: Arc<Semaphore>,
}

impl<A: Aggregate> LanePath<A> {
    /// Starts the lanes; each ends when this is dropped and its last command is answered.
    pub(super) fn new(repository: Repository<A>, settings: &LaneSettings) -> Self {
        let keeper = snapshots::start(&repository);
        let start = |_| {
            let (queue, waiting) = mpsc::channel(settings.queue.max(1));
            let patient = Arc::new(Semaphore::new((settings.queue / 2).max(1)));
            tokio::spawn(Lane::new(repository.clone(), keeper.clone(), settings).run(waiting));
            Entrance { queue, patient }
        };
        Self { entrances: (0..settings.lanes.max(1)).map(start).collect() }
    }

    /// By the last bytes of the id, which are random in a UUID.
    fn lane_of(&self, id: Uuid) -> &Entrance<A> {
        let [.., high, low] = id.into_bytes();
        &self.entrances[usize::from(u16::from_be_bytes([high, low])) % self.entrances.len()]
    }
}

#[async_trait]
impl<A: Aggregate> CommandPath<A> for LanePath<A> {
    async fn execute(&self, id: Uuid, command: A::Command, context: CommandContext) -> Answer<A> {
        let lane = self.lane_of(id);
        let (answer, answered) = oneshot::channel();
        let waits_for_room = context.waits_for_room;
        let waiting = |room| {
            Box::new(Waiting {
                id,
                command,
                context,
                answer,
                conflicts: 0,
                silences: 0,
                may_be_recorded: false,
                _room: room,
            })
        };
        if waits_for_room {
            let room = Arc::clone(&lane.patient).acquire_owned().await.map_err(|_| interrupted())?;
            lane.queue.send(waiting(Some(room))).await.map_err(|_| interrupted())?;
        } else {
            lane.queue.try_send(waiting(None)).map_err(|failure| match failure {
                mpsc::error::TrySendError::Full(_) => ExecuteError::Overloaded,
                mpsc::error::TrySendError::Closed(_) => interrupted().into(),
            })?;
        }
        answered.await.unwrap_or_else(|_| Err(interrupted().into()))
    }
}

fn interrupted() -> StoreError {
    StoreError::Unavailable("the command was interrupted; its id tells whether it was carried out".to_owned())
}

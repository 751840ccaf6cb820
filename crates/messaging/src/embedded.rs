//! A durable log in one SQLite file, with the semantics of Kafka for one process: topics, partitions by a stable
//! hash of the key, offsets per group, replay from the start, members that share partitions.
//!
//! Invariant: what [`Bus::publish`] confirmed is on the disk. Consumers are woken in the process, after the
//! commit and without a polling interval. One process writes a log at a time (a lock beside the file sees to
//! that); others may look at it with [`EmbeddedLog::open_read_only`].

mod database;
mod groups;
mod member;
mod partitioner;
mod shared;
mod topics;
mod writer;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use self::member::GroupMember;
use self::shared::Shared;
use self::writer::{Request, Writer};
use crate::bus::{Bus, BusError, Source};
use crate::message::{Delivery, Message};

/// The partitions of a new topic when nobody says otherwise.
pub const DEFAULT_PARTITIONS: u16 = 8;
/// Publishers that may wait for the writer before others wait to wait.
const WAITING_REQUESTS: usize = 1024;

/// The embedded log.
pub struct EmbeddedLog {
    shared: Arc<Shared>,
    /// None when the log was opened for reading only.
    requests: Option<mpsc::Sender<Request>>,
}

impl EmbeddedLog {
    /// Opens the log in the file at `path`, or makes a new one; new topics get `partitions` partitions
    /// ([`DEFAULT_PARTITIONS`] when in doubt). A topic keeps the number that it was made with.
    ///
    /// # Errors
    /// [`BusError::Failed`] when another process has the log open or the file is no log.
    pub async fn open(path: impl AsRef<Path>, partitions: u16) -> Result<Self, BusError> {
        if partitions == 0 {
            return Err(BusError::Failed("a topic needs at least one partition".to_owned()));
        }
        let path = path.as_ref();
        let shared = Arc::new(Shared::new(database::readers(path)));
        let (requests, received) = mpsc::channel(WAITING_REQUESTS);
        let writer = Writer::open(path, partitions, Arc::clone(&shared), received).await?;
        shared.load().await?;
        tokio::spawn(writer.run());
        Ok(Self { shared, requests: Some(requests) })
    }

    /// Opens a log that another process may be writing, to look at it: `read_topic`, `lag` and `ping` work, and
    /// everything else is refused.
    ///
    /// # Errors
    /// When there is no log at `path`.
    pub async fn open_read_only(path: impl AsRef<Path>) -> Result<Self, BusError> {
        let shared = Arc::new(Shared::new(database::readers(path.as_ref())));
        shared.load().await?;
        Ok(Self { shared, requests: None })
    }

    /// Asks the writer and waits for its answer.
    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, BusError> {
        let closed = || BusError::Unavailable("the log is closed".to_owned());
        let (answer, answered) = oneshot::channel();
        let requests = self.requests.as_ref().ok_or_else(read_only)?;
        requests.send(request(answer)).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())
    }
}

#[async_trait]
impl Bus for EmbeddedLog {
    async fn ensure_topics(&self, topics: &[&str]) -> Result<(), BusError> {
        let missing: Vec<String> = {
            let state = self.shared.lock();
            topics
                .iter()
                .filter(|name| state.topics.get(name).is_none())
                .map(|name| (*name).to_owned())
                .collect()
        };
        if missing.is_empty() {
            return Ok(());
        }
        self.ask(|answer| Request::CreateTopics(missing, answer)).await?
    }

    async fn publish(&self, messages: Vec<Message>) -> Result<(), BusError> {
        if messages.is_empty() {
            return Ok(());
        }
        self.ask(|answer| Request::Publish(messages, answer)).await?
    }

    async fn consume(&self, group: &str, topics: &[&str]) -> Result<Box<dyn Source>, BusError> {
        if self.requests.is_none() {
            return Err(read_only());
        }
        Ok(Box::new(GroupMember::join(Arc::clone(&self.shared), group, topics)?))
    }

    async fn read_topic(&self, topic: &str) -> Result<Vec<Delivery>, BusError> {
        database::read_topic(&self.shared.readers, topic).await
    }

    async fn lag(&self, group: &str, topics: &[&str]) -> Result<u64, BusError> {
        if self.requests.is_none() {
            self.shared.load().await?;
        }
        let state = self.shared.lock();
        let slots = state.slots(topics)?;
        let behind = slots.iter().map(|slot| {
            let head = state.topics.head(&slot.0, slot.1);
            u64::try_from(head - state.groups.offset(group, slot)).unwrap_or(0)
        });
        Ok(behind.sum())
    }

    async fn rewind(&self, group: &str, topics: &[&str]) -> Result<(), BusError> {
        if self.requests.is_none() {
            return Err(read_only());
        }
        let rewound = {
            let mut state = self.shared.lock();
            let slots = state.slots(topics)?;
            state.groups.rewind(group, slots)
        };
        if !rewound {
            return Err(BusError::Failed(format!("the group `{group}` is in use")));
        }
        self.ask(Request::FlushOffsets).await?
    }

    async fn ping(&self) -> Result<(), BusError> {
        if self.shared.lock().closed {
            return Err(BusError::Unavailable("the log is closed".to_owned()));
        }
        sqlx::query("SELECT 1").execute(&self.shared.readers).await.map_err(database::bus_error)?;
        Ok(())
    }

    async fn close(&self) {
        // An answer may be missing when the writer has ended already, which is just as well.
        let _ = self.ask(Request::Close).await;
        self.shared.close();
        self.shared.readers.close().await;
    }
}

fn read_only() -> BusError {
    BusError::Failed("the log was opened for reading only".to_owned())
}

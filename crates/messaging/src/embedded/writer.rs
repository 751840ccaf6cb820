//! The log's one writer: a task that commits everything that waits in one transaction.
//!
//! Invariant: a publisher is answered, and a consumer woken, only after the commit is on the disk. Offsets are
//! written beside it, a moment later and without waiting for the disk: losing some only repeats messages.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqliteSynchronous;
use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::database::{self, Placed};
use super::groups::Slot;
use super::shared::{Shared, unknown_topic};
use crate::bus::BusError;
use crate::message::{Delivery, Message, Position};

/// Messages of one transaction at most, more or less: the last publisher's are not cut in two.
const MESSAGES_PER_COMMIT: usize = 4000;
/// The shortest time between two writes of offsets.
const OFFSET_INTERVAL: Duration = Duration::from_millis(50);

type Answer = oneshot::Sender<Result<(), BusError>>;

/// What the writer is asked for.
pub(super) enum Request {
    CreateTopics(Vec<String>, Answer),
    Publish(Vec<Message>, Answer),
    FlushOffsets(Answer),
    Close(oneshot::Sender<()>),
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    requests: mpsc::Receiver<Request>,
    partitions: u16,
    durable: SqliteConnection,
    relaxed: SqliteConnection,
    offsets_due: Instant,
    /// Held as long as this is the log's only writer.
    lock: File,
}

impl Writer {
    /// Opens the file for writing, with its schema.
    pub(super) async fn open(
        path: &Path,
        partitions: u16,
        shared: Arc<Shared>,
        requests: mpsc::Receiver<Request>,
    ) -> Result<Self, BusError> {
        let lock = database::lock(path).await?;
        let durable = database::writer(path, SqliteSynchronous::Full).await?;
        let relaxed = database::writer(path, SqliteSynchronous::Normal).await?;
        Ok(Self { shared, requests, partitions, durable, relaxed, offsets_due: Instant::now(), lock })
    }

    /// Serves requests until the log is closed or dropped.
    pub(super) async fn run(mut self) {
        let mut closing = None;
        while closing.is_none() {
            tokio::select! {
                biased;
                request = self.requests.recv() => match request {
                    Some(request) => closing = self.serve(request).await,
                    None => break,
                },
                () = offsets_to_write(&self.shared, self.offsets_due) => {
                    if let Err(error) = self.flush_offsets().await {
                        tracing::warn!(%error, "cannot store offsets, trying again");
                    }
                }
            }
        }
        if let Err(error) = self.flush_offsets().await {
            tracing::warn!(%error, "the last offsets are lost: some messages will come again");
        }
        self.shared.close();
        for connection in [self.durable, self.relaxed] {
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "cannot close the log");
            }
        }
        drop(self.lock);
        if let Some(closed) = closing {
            // Whoever asked may have gone.
            let _ = closed.send(());
        }
    }

    /// Carries out `first` and every request that waits behind it.
    async fn serve(&mut self, first: Request) -> Option<oneshot::Sender<()>> {
        let mut next = Some(first);
        while let Some(request) = next {
            next = match request {
                Request::Publish(messages, answer) => self.publish(messages, answer).await,
                Request::CreateTopics(names, answer) => {
                    // Whoever asked may have gone.
                    let _ = answer.send(self.create_topics(&names).await);
                    None
                }
                Request::FlushOffsets(answer) => {
                    let _ = answer.send(self.flush_offsets().await);
                    None
                }
                Request::Close(closed) => return Some(closed),
            };
        }
        None
    }

    async fn create_topics(&mut self, names: &[String]) -> Result<(), BusError> {
        database::create_topics(&mut self.durable, names, self.partitions).await?;
        let heads = database::heads(&mut self.durable).await?;
        self.shared.lock().topics.adopt(heads);
        Ok(())
    }

    /// Commits these messages together with all that wait behind them; gives back the first other request.
    async fn publish(&mut self, messages: Vec<Message>, answer: Answer) -> Option<Request> {
        let mut batch = Vec::new();
        let mut answers = Vec::new();
        let mut next = Some(Request::Publish(messages, answer));
        while let Some(Request::Publish(messages, answer)) = next {
            match self.check(&messages) {
                Ok(()) => {
                    batch.extend(messages);
                    answers.push(answer);
                }
                Err(error) => {
                    let _ = answer.send(Err(error));
                }
            }
            next = if batch.len() < MESSAGES_PER_COMMIT { self.requests.try_recv().ok() } else { None };
        }
        let outcome = self.commit(batch).await;
        for answer in answers {
            // A publisher that went away has its messages published nevertheless.
            let _ = answer.send(match &outcome {
                Ok(()) => Ok(()),
                Err(error) => Err(copy(error)),
            });
        }
        next
    }

    fn check(&self, messages: &[Message]) -> Result<(), BusError> {
        let state = self.shared.lock();
        let unknown = messages.iter().find(|message| state.topics.get(&message.topic).is_none());
        unknown.map_or(Ok(()), |message| Err(unknown_topic(&message.topic)))
    }

    async fn commit(&mut self, messages: Vec<Message>) -> Result<(), BusError> {
        let placed = self.place(messages);
        if placed.is_empty() {
            return Ok(());
        }
        if let Err(error) = database::append(&mut self.durable, &placed).await {
            // Whether it was committed is open: the database knows where its partitions end.
            let heads = database::heads(&mut self.durable).await?;
            self.shared.lock().topics.adopt(heads);
            return Err(error);
        }
        let topics: std::collections::BTreeSet<String> =
            placed.iter().map(|(_, delivery)| delivery.position.topic.clone()).collect();
        let mut state = self.shared.lock();
        state.topics.append(placed.into_iter().map(|(_, delivery)| delivery));
        state.groups.wake(topics.iter().map(String::as_str));
        Ok(())
    }

    /// Gives each message the next offset of its partition.
    fn place(&self, messages: Vec<Message>) -> Vec<Placed> {
        let state = self.shared.lock();
        let mut heads: HashMap<Slot, i64> = HashMap::new();
        let place = |message: Message| {
            let topic = state.topics.get(&message.topic)?;
            let partition = topic.partition_of(&message.key);
            let head = heads
                .entry((message.topic.clone(), partition))
                .or_insert_with(|| state.topics.head(&message.topic, partition));
            let position = Position { topic: message.topic.clone(), partition, offset: *head };
            *head += 1;
            Some((topic.id, Delivery { position, message }))
        };
        messages.into_iter().filter_map(place).collect()
    }

    async fn flush_offsets(&mut self) -> Result<(), BusError> {
        self.offsets_due = Instant::now() + OFFSET_INTERVAL;
        let (dirty, rows) = {
            let mut state = self.shared.lock();
            let dirty = state.groups.take_dirty();
            let row = |(group, (topic, partition), next_offset): &(String, Slot, i64)| {
                Some((group.clone(), state.topics.get(topic)?.id, *partition, *next_offset))
            };
            let rows: Vec<_> = dirty.iter().filter_map(row).collect();
            (dirty, rows)
        };
        if rows.is_empty() {
            return Ok(());
        }
        let stored = database::store_offsets(&mut self.relaxed, &rows).await;
        if stored.is_err() {
            self.shared.lock().groups.mark_dirty(dirty);
        }
        stored
    }
}

/// Ready once there are offsets to write and their time has come.
async fn offsets_to_write(shared: &Shared, due: Instant) {
    while !shared.lock().groups.is_dirty() {
        shared.offsets_changed.notified().await;
    }
    tokio::time::sleep_until(due).await;
}

fn copy(error: &BusError) -> BusError {
    match error {
        BusError::Unavailable(reason) => BusError::Unavailable(reason.clone()),
        BusError::Failed(reason) => BusError::Failed(reason.clone()),
    }
}

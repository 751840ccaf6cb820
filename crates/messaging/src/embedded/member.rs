//! One member of a consumer group of the embedded log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::database;
use super::groups::{MemberId, Slot};
use super::shared::Shared;
use super::topics::Available;
use crate::bus::{BusError, Source, SourceEvent};
use crate::message::{Delivery, Position};

/// Messages of one partition that are handed out at once from memory.
const MESSAGES_PER_PARTITION: usize = 256;

/// How far this member has read a partition.
struct Cursor {
    next: i64,
    paused: bool,
    /// Told to the consumer, which has not released it yet.
    revoking: bool,
}

/// A read from the database that is under way. Kept when `next` is cancelled, so that it is not begun again.
struct Read {
    slot: Slot,
    from: i64,
    task: JoinHandle<Result<Vec<Delivery>, BusError>>,
}

/// What to do next.
enum Step {
    Give(SourceEvent),
    Read(Read),
    Wait,
}

pub(super) struct GroupMember {
    shared: Arc<Shared>,
    group: String,
    id: MemberId,
    wake: Arc<Notify>,
    cursors: BTreeMap<Slot, Cursor>,
    read: Option<Read>,
    /// The partition read last: the others come first the next time.
    last_read: Option<Slot>,
}

impl GroupMember {
    pub(super) fn join(shared: Arc<Shared>, group: &str, topics: &[&str]) -> Result<Self, BusError> {
        let (id, wake) = {
            let mut state = shared.lock();
            if state.closed {
                return Err(closed());
            }
            let slots = state.slots(topics)?;
            state.groups.join(group, slots)
        };
        Ok(Self {
            shared,
            group: group.to_owned(),
            id,
            wake,
            cursors: BTreeMap::new(),
            read: None,
            last_read: None,
        })
    }

    fn step(&mut self) -> Result<Step, BusError> {
        if self.shared.lock().closed {
            return Err(closed());
        }
        if let Some(revoked) = self.revoked() {
            return Ok(Step::Give(SourceEvent::Revoked(revoked)));
        }
        if let Some(assigned) = self.assigned() {
            return Ok(Step::Give(SourceEvent::Assigned(assigned)));
        }
        Ok(self.messages())
    }

    fn revoked(&mut self) -> Option<Vec<Slot>> {
        let meant_to_go = self.shared.lock().groups.to_revoke(&self.group, self.id);
        let mut revoked = Vec::new();
        for slot in meant_to_go {
            let cursor = self.cursors.get_mut(&slot);
            if let Some(cursor) = cursor.filter(|cursor| !cursor.revoking) {
                cursor.revoking = true;
                revoked.push(slot);
            }
        }
        (!revoked.is_empty()).then_some(revoked)
    }

    fn assigned(&mut self) -> Option<Vec<Slot>> {
        let taken = self.shared.lock().groups.take(&self.group, self.id);
        let mut assigned = Vec::with_capacity(taken.len());
        for (slot, next) in taken {
            self.cursors.insert(slot.clone(), Cursor { next, paused: false, revoking: false });
            assigned.push(slot);
        }
        (!assigned.is_empty()).then_some(assigned)
    }

    /// What is in memory of all partitions; failing that, one read from the database.
    fn messages(&mut self) -> Step {
        let state = self.shared.lock();
        let mut found: Vec<Arc<Delivery>> = Vec::new();
        let mut older: BTreeSet<(Slot, i64, i64)> = BTreeSet::new();
        for (slot, cursor) in self.cursors.iter_mut().filter(|(_, cursor)| !cursor.paused && !cursor.revoking)
        {
            match state.topics.available(&slot.0, slot.1, cursor.next) {
                Available::Nothing => {}
                Available::Messages(mut messages) => {
                    messages.truncate(MESSAGES_PER_PARTITION);
                    cursor.next = messages.last().map_or(cursor.next, |last| last.position.offset + 1);
                    found.extend(messages);
                }
                Available::Older => {
                    let topic_id = state.topics.get(&slot.0).map_or(0, |topic| topic.id);
                    older.insert((slot.clone(), topic_id, cursor.next));
                }
            }
        }
        drop(state);
        if !found.is_empty() {
            return Step::Give(SourceEvent::Deliveries(
                found.iter().map(|found| (**found).clone()).collect(),
            ));
        }
        let after_last = older.iter().find(|(slot, ..)| Some(slot) > self.last_read.as_ref());
        let Some((slot, topic_id, from)) = after_last.or(older.first()).cloned() else {
            return Step::Wait;
        };
        self.last_read = Some(slot.clone());
        let read = database::read_partition(self.shared.readers.clone(), topic_id, slot.clone(), from);
        Step::Read(Read { slot, from, task: tokio::spawn(read) })
    }

    /// Waits for the read under way; its messages count only if nothing moved the cursor meanwhile.
    async fn finish_read(&mut self) -> Result<Option<SourceEvent>, BusError> {
        let Some(read) = &mut self.read else {
            return Ok(None);
        };
        let rows = (&mut read.task).await;
        let (slot, from) = (read.slot.clone(), read.from);
        self.read = None;
        let rows = rows.map_err(|error| BusError::Unavailable(error.to_string()))??;
        let Some(cursor) = self.cursors.get_mut(&slot) else {
            return Ok(None);
        };
        if cursor.next != from || cursor.paused || cursor.revoking {
            return Ok(None);
        }
        cursor.next = rows.last().map_or(from, |last| last.position.offset + 1);
        Ok((!rows.is_empty()).then_some(SourceEvent::Deliveries(rows)))
    }
}

#[async_trait]
impl Source for GroupMember {
    async fn next(&mut self) -> Result<SourceEvent, BusError> {
        loop {
            if let Some(event) = self.finish_read().await? {
                return Ok(event);
            }
            match self.step()? {
                Step::Give(event) => return Ok(event),
                Step::Read(read) => self.read = Some(read),
                Step::Wait => self.wake.notified().await,
            }
        }
    }

    fn set_paused(&mut self, topic: &str, partition: i32, paused: bool) -> Result<(), BusError> {
        if let Some(cursor) = self.cursors.get_mut(&(topic.to_owned(), partition)) {
            cursor.paused = paused;
        }
        Ok(())
    }

    async fn store_offsets(&mut self, done: &[Position]) -> Result<(), BusError> {
        let mut state = self.shared.lock();
        for position in done {
            state.groups.store(&self.group, self.id, position);
        }
        drop(state);
        self.shared.offsets_changed.notify_one();
        Ok(())
    }

    async fn release(&mut self, partitions: &[Slot]) {
        let mut state = self.shared.lock();
        for slot in partitions {
            self.cursors.remove(slot);
            state.groups.release(&self.group, self.id, slot);
        }
    }

    async fn close(self: Box<Self>) {
        // Dropping it leaves the group; stored offsets are the log's by now.
    }
}

impl Drop for GroupMember {
    fn drop(&mut self) {
        self.shared.lock().groups.leave(&self.group, self.id);
    }
}

fn closed() -> BusError {
    BusError::Unavailable("the log is closed".to_owned())
}

//! What the log knows of its topics in memory: where each partition ends, and its last messages.
//!
//! Invariant: what stands here is committed. The tail only saves a consumer that is caught up from reading the
//! database again; everything older is read from there.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::partitioner::partition_of;
use crate::message::Delivery;

/// How many of the last messages of a partition stay in memory.
const TAIL: usize = 128;

/// The topics by name.
#[derive(Default)]
pub(super) struct Topics(HashMap<String, Topic>);

pub(super) struct Topic {
    pub(super) id: i64,
    partitions: Vec<Partition>,
}

#[derive(Default)]
struct Partition {
    /// The offset that the next message gets.
    head: i64,
    /// The last messages, without a gap up to `head`.
    tail: VecDeque<Arc<Delivery>>,
}

/// Where messages from some offset on are.
pub(super) enum Available {
    /// There are none yet.
    Nothing,
    /// Here they are.
    Messages(Vec<Arc<Delivery>>),
    /// In the database.
    Older,
}

impl Topics {
    pub(super) fn get(&self, name: &str) -> Option<&Topic> {
        self.0.get(name)
    }

    /// Takes over what the database says: each partition of each topic with its head.
    pub(super) fn adopt(&mut self, heads: Vec<(i64, String, i32, i64)>) {
        for (id, name, partition, head) in heads {
            let topic = self.0.entry(name).or_insert_with(|| Topic { id, partitions: Vec::new() });
            let index = usize::try_from(partition).unwrap_or_default();
            if topic.partitions.len() <= index {
                topic.partitions.resize_with(index + 1, Partition::default);
            }
            let partition = &mut topic.partitions[index];
            if partition.head != head {
                *partition = Partition { head, tail: VecDeque::new() };
            }
        }
    }

    /// Appends messages that were committed at their positions.
    pub(super) fn append(&mut self, committed: impl IntoIterator<Item = Delivery>) {
        for delivery in committed {
            let position = &delivery.position;
            let Some(partition) = self.partition_mut(&position.topic, position.partition) else {
                continue;
            };
            partition.head = position.offset + 1;
            partition.tail.push_back(Arc::new(delivery));
            if partition.tail.len() > TAIL {
                partition.tail.pop_front();
            }
        }
    }

    /// The messages of a partition from `offset` on, as far as they are in memory.
    pub(super) fn available(&self, topic: &str, partition: i32, offset: i64) -> Available {
        let Some(partition) = self.partition(topic, partition) else {
            return Available::Nothing;
        };
        if offset >= partition.head {
            return Available::Nothing;
        }
        let missing = partition.head - offset;
        match partition.tail.len().checked_sub(usize::try_from(missing).unwrap_or(usize::MAX)) {
            Some(skipped) => Available::Messages(partition.tail.iter().skip(skipped).cloned().collect()),
            None => Available::Older,
        }
    }

    /// The offset after the last message of a partition.
    pub(super) fn head(&self, topic: &str, partition: i32) -> i64 {
        self.partition(topic, partition).map_or(0, |partition| partition.head)
    }

    fn partition(&self, topic: &str, partition: i32) -> Option<&Partition> {
        self.0.get(topic)?.partitions.get(usize::try_from(partition).ok()?)
    }

    fn partition_mut(&mut self, topic: &str, partition: i32) -> Option<&mut Partition> {
        self.0.get_mut(topic)?.partitions.get_mut(usize::try_from(partition).ok()?)
    }
}

impl Topic {
    /// The numbers of the topic's partitions.
    pub(super) fn partitions(&self) -> impl Iterator<Item = i32> + use<> {
        0..i32::try_from(self.partitions.len()).unwrap_or(i32::MAX)
    }

    /// The partition of `key`.
    pub(super) fn partition_of(&self, key: &str) -> i32 {
        i32::try_from(partition_of(key, self.partitions.len())).unwrap_or_default()
    }
}

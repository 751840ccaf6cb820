//! Consumer groups: who reads which partition, and how far each group got.
//!
//! Invariant: a partition has at most one owner. It moves only after its owner released it or left, and a new
//! owner starts at the stored offset.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::Notify;

use crate::message::Position;

/// A topic and a partition of it.
pub(super) type Slot = (String, i32);
/// Numbers the members of a log, never used twice.
pub(super) type MemberId = u64;

/// All groups by name.
#[derive(Default)]
pub(super) struct Groups {
    groups: HashMap<String, Group>,
    next_member: MemberId,
    /// Groups and partitions whose offset in memory is ahead of the database.
    dirty: BTreeSet<(String, Slot)>,
}

#[derive(Default)]
struct Group {
    members: BTreeMap<MemberId, Member>,
    owners: BTreeMap<Slot, MemberId>,
    targets: BTreeMap<Slot, MemberId>,
    offsets: HashMap<Slot, i64>,
}

struct Member {
    topics: BTreeSet<String>,
    wake: Arc<Notify>,
}

impl Groups {
    /// Takes over a stored offset when the log is opened.
    pub(super) fn adopt_offset(&mut self, group: &str, slot: Slot, next_offset: i64) {
        self.groups.entry(group.to_owned()).or_default().offsets.insert(slot, next_offset);
    }

    /// Adds a member that reads `slots` and divides the partitions anew.
    pub(super) fn join(&mut self, group: &str, slots: BTreeSet<Slot>) -> (MemberId, Arc<Notify>) {
        let id = self.next_member;
        self.next_member += 1;
        let wake = Arc::new(Notify::new());
        let topics = slots.iter().map(|(topic, _)| topic.clone()).collect();
        let group = self.groups.entry(group.to_owned()).or_default();
        group.members.insert(id, Member { topics, wake: Arc::clone(&wake) });
        group.rebalance(slots);
        (id, wake)
    }

    /// Removes a member; its partitions are free at once.
    pub(super) fn leave(&mut self, group: &str, member: MemberId) {
        let Some(group) = self.groups.get_mut(group) else {
            return;
        };
        group.members.remove(&member);
        group.owners.retain(|_, owner| *owner != member);
        group.rebalance(BTreeSet::new());
    }

    /// Wakes every member that reads one of `topics`.
    pub(super) fn wake<'a>(&self, topics: impl IntoIterator<Item = &'a str> + Clone) {
        for member in self.groups.values().flat_map(|group| group.members.values()) {
            if topics.clone().into_iter().any(|topic| member.topics.contains(topic)) {
                member.wake.notify_one();
            }
        }
    }

    /// Wakes every member of every group.
    pub(super) fn wake_all(&self) {
        for member in self.groups.values().flat_map(|group| group.members.values()) {
            member.wake.notify_one();
        }
    }

    /// Partitions that `member` owns and should let go.
    pub(super) fn to_revoke(&self, group: &str, member: MemberId) -> Vec<Slot> {
        let Some(group) = self.groups.get(group) else {
            return Vec::new();
        };
        let owned = group.owners.iter().filter(|(_, owner)| **owner == member);
        owned
            .filter(|(slot, _)| group.targets.get(*slot) != Some(&member))
            .map(|(slot, _)| slot.clone())
            .collect()
    }

    /// Makes `member` the owner of the free partitions that are meant for it, and gives their stored offsets.
    pub(super) fn take(&mut self, group: &str, member: MemberId) -> Vec<(Slot, i64)> {
        let Some(group) = self.groups.get_mut(group) else {
            return Vec::new();
        };
        let meant = group.targets.iter().filter(|(_, target)| **target == member);
        let free: Vec<Slot> =
            meant.map(|(slot, _)| slot).filter(|slot| !group.owners.contains_key(*slot)).cloned().collect();
        group.owners.extend(free.iter().map(|slot| (slot.clone(), member)));
        free.into_iter().map(|slot| (slot.clone(), group.offset(&slot))).collect()
    }

    /// Lets go of a partition, so that the member it is meant for can take it.
    pub(super) fn release(&mut self, group: &str, member: MemberId, slot: &Slot) {
        let Some(group) = self.groups.get_mut(group) else {
            return;
        };
        if group.owners.get(slot) == Some(&member) {
            group.owners.remove(slot);
            group.wake_target(slot);
        }
    }

    /// Stores that everything up to and including `done` has taken effect; ignored when `member` is not the
    /// owner of the partition any more.
    pub(super) fn store(&mut self, group: &str, member: MemberId, done: &Position) {
        let slot = (done.topic.clone(), done.partition);
        let Some(state) = self.groups.get_mut(group) else {
            return;
        };
        if state.owners.get(&slot) != Some(&member) || state.offset(&slot) > done.offset {
            return;
        }
        state.offsets.insert(slot.clone(), done.offset + 1);
        self.dirty.insert((group.to_owned(), slot));
    }

    /// The offset that `group` wants next.
    pub(super) fn offset(&self, group: &str, slot: &Slot) -> i64 {
        self.groups.get(group).map_or(0, |group| group.offset(slot))
    }

    /// Moves a group back to the start; false when it has members.
    pub(super) fn rewind(&mut self, group: &str, slots: BTreeSet<Slot>) -> bool {
        let state = self.groups.entry(group.to_owned()).or_default();
        if !state.members.is_empty() {
            return false;
        }
        state.offsets.extend(slots.iter().map(|slot| (slot.clone(), 0)));
        self.dirty.extend(slots.into_iter().map(|slot| (group.to_owned(), slot)));
        true
    }

    pub(super) fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// What has to be written: (group, partition, next offset).
    pub(super) fn take_dirty(&mut self) -> Vec<(String, Slot, i64)> {
        let dirty = std::mem::take(&mut self.dirty);
        dirty
            .into_iter()
            .map(|(group, slot)| {
                let offset = self.offset(&group, &slot);
                (group, slot, offset)
            })
            .collect()
    }

    /// Puts back what could not be written.
    pub(super) fn mark_dirty(&mut self, unwritten: Vec<(String, Slot, i64)>) {
        self.dirty.extend(unwritten.into_iter().map(|(group, slot, _)| (group, slot)));
    }
}

impl Group {
    fn offset(&self, slot: &Slot) -> i64 {
        self.offsets.get(slot).copied().unwrap_or(0)
    }

    /// Divides all partitions, the known ones and `new`, among the members that read their topic: as evenly as
    /// it goes, and moving as few as possible.
    fn rebalance(&mut self, new: BTreeSet<Slot>) {
        let slots: BTreeSet<Slot> =
            new.into_iter().chain(std::mem::take(&mut self.targets).into_keys()).collect();
        let topics: BTreeSet<&String> = slots.iter().map(|(topic, _)| topic).collect();
        for topic in topics {
            let readers: Vec<MemberId> =
                self.members.iter().filter(|(_, m)| m.topics.contains(topic)).map(|(id, _)| *id).collect();
            let of_topic: Vec<&Slot> = slots.iter().filter(|(name, _)| name == topic).collect();
            self.targets.extend(divide(&of_topic, &readers, &self.owners));
        }
        for member in self.members.values() {
            member.wake.notify_one();
        }
    }

    fn wake_target(&self, slot: &Slot) {
        if let Some(member) = self.targets.get(slot).and_then(|id| self.members.get(id)) {
            member.wake.notify_one();
        }
    }
}

/// Each member keeps what it owns up to its fair share; the rest goes to those that have least.
fn divide(slots: &[&Slot], readers: &[MemberId], owners: &BTreeMap<Slot, MemberId>) -> Vec<(Slot, MemberId)> {
    if readers.is_empty() {
        return Vec::new();
    }
    let fair = slots.len().div_ceil(readers.len());
    let mut shares: BTreeMap<MemberId, usize> = readers.iter().map(|id| (*id, 0)).collect();
    let mut divided = Vec::with_capacity(slots.len());
    let mut homeless = Vec::new();
    for slot in slots {
        match owners.get(*slot).and_then(|owner| Some((*owner, shares.get_mut(owner)?))) {
            Some((owner, share)) if *share < fair => {
                *share += 1;
                divided.push(((*slot).clone(), owner));
            }
            _ => homeless.push(*slot),
        }
    }
    for slot in homeless {
        if let Some((id, share)) = shares.iter_mut().min_by_key(|(_, share)| **share) {
            *share += 1;
            divided.push((slot.clone(), *id));
        }
    }
    divided
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots() -> BTreeSet<Slot> {
        (0..8).map(|partition| ("topic".to_owned(), partition)).collect()
    }

    #[test]
    fn a_partition_moves_only_after_its_owner_let_go() {
        let mut groups = Groups::default();
        let (first, _) = groups.join("g", slots());
        assert_eq!(groups.take("g", first).len(), 8);
        let (second, _) = groups.join("g", slots());
        assert_eq!(groups.take("g", second).len(), 0, "nothing is free yet");
        let revoked = groups.to_revoke("g", first);
        assert_eq!(revoked.len(), 4);
        for slot in &revoked {
            groups.release("g", first, slot);
        }
        assert_eq!(groups.take("g", second).len(), 4);
        assert!(groups.to_revoke("g", first).is_empty());
    }

    #[test]
    fn what_a_leaving_member_had_is_free_at_the_stored_offset() {
        let mut groups = Groups::default();
        let (first, _) = groups.join("g", slots());
        groups.take("g", first);
        groups.store("g", first, &Position { topic: "topic".to_owned(), partition: 3, offset: 41 });
        let (second, _) = groups.join("g", slots());
        groups.leave("g", first);
        let taken = groups.take("g", second);
        assert_eq!(taken.len(), 8);
        assert!(taken.contains(&(("topic".to_owned(), 3), 42)));
    }

    #[test]
    fn an_offset_of_a_partition_that_was_let_go_is_not_stored() {
        let mut groups = Groups::default();
        let (member, _) = groups.join("g", slots());
        groups.take("g", member);
        let slot = ("topic".to_owned(), 0);
        groups.release("g", member, &slot);
        groups.store("g", member, &Position { topic: "topic".to_owned(), partition: 0, offset: 9 });
        assert_eq!(groups.offset("g", &slot), 0);
    }

    #[test]
    fn three_members_share_eight_partitions_evenly() {
        let mut groups = Groups::default();
        let members: Vec<MemberId> = (0..3).map(|_| groups.join("g", slots()).0).collect();
        let mut shares: Vec<usize> = members.iter().map(|id| groups.take("g", *id).len()).collect();
        shares.sort_unstable();
        assert_eq!(shares, [2, 3, 3]);
    }
}

//! The folded states that a lane keeps, bounded by their memory.

use std::marker::PhantomData;

use domain::Aggregate;
use quick_cache::Weighter;
use quick_cache::unsync::Cache;
use uuid::Uuid;

use crate::repository::Versioned;
use crate::stream::Version;

/// What the cache itself needs for an entry, in bytes, roughly: its slot, its place in the table and the allocator's
/// share.
const ENTRY_BYTES: usize = 64;
/// A first guess that costs little; the cache grows as needed.
const EXPECTED_ENTRIES: usize = 64;

pub(super) struct StateCache<A: Aggregate> {
    states: Cache<Uuid, (Version, A), StateWeight<A>>,
}

#[derive(Clone)]
struct StateWeight<A>(PhantomData<fn() -> A>);

impl<A: Aggregate> Weighter<Uuid, (Version, A)> for StateWeight<A> {
    fn weight(&self, _: &Uuid, (_, state): &(Version, A)) -> u64 {
        let bytes = ENTRY_BYTES + size_of::<(Uuid, Version, A)>() + state.heap_bytes();
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

impl<A: Aggregate> StateCache<A> {
    pub(super) fn new(bytes: u64) -> Self {
        Self { states: Cache::with_weighter(EXPECTED_ENTRIES, bytes, StateWeight(PhantomData)) }
    }

    pub(super) fn get(&self, id: Uuid) -> Option<Versioned<A>> {
        let (version, state) = self.states.get(&id)?;
        Some(Versioned { id, version: *version, state: state.clone() })
    }

    /// Keeps a state that is known to be committed.
    pub(super) fn keep(&mut self, known: Versioned<A>) {
        self.states.insert(known.id, (known.version, known.state));
    }

    pub(super) fn forget(&mut self, id: Uuid) {
        self.states.remove(&id);
    }

    pub(super) fn clear(&mut self) {
        self.states.clear();
    }
}

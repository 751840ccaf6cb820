//! The views as pure data and pure folds: no store, no clock.
//!
//! Invariant: a view is a function of the events alone, whatever the order in which the two topics arrive and
//! however often an event comes. Each stream is guarded by its own version: what was seen is skipped, the next
//! event is applied, and anything later is a gap. An account's document holds state of two kinds of streams, so
//! it carries a version for each: its own, and one in every recent transfer.

mod account;
mod entry;
mod moment;
mod replay;
mod terms;
mod transfer;

pub use account::{AccountDocument, AccountView, RECENT, fold_account, merge_transfer};
pub(crate) use entry::entries_before;
pub use entry::{EntryPlace, EntryView};
pub use moment::{ChangeView, Moment, TransactionType};
pub use replay::{ReplayError, Views};
pub use terms::{HoldView, TermsView};
pub use transfer::{Stage, TransferDocument, TransferView, fold_transfer};

use event_store::Version;

/// What became of one event in a fold.
#[derive(Debug, Clone, PartialEq)]
pub enum Folded<T> {
    /// The view has this version or a later one: nothing changed.
    Seen,
    /// It was the next one, and this came of it.
    Applied(T),
    /// Events before it are missing: nothing changed.
    Gap {
        /// The last version that the view has.
        last_seen: Version,
    },
    /// It cannot stand where it stands, and never will: nothing changed.
    Unfit(&'static str),
}

/// Decides by versions alone what is to be done with an event; `Applied` means: apply it.
pub(crate) fn guard(last_seen: Version, version: Version) -> Folded<()> {
    if version <= last_seen {
        Folded::Seen
    } else if version == last_seen.next() {
        Folded::Applied(())
    } else {
        Folded::Gap { last_seen }
    }
}

#[cfg(test)]
mod tests;

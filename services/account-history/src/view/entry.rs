//! The entries of an account: every change of its balance, each with its place.
//!
//! Invariant: an account's entries are in one order, that of their places, although one event may make many of them.

use domain::ids::AccountId;
use event_store::Version;
use serde::{Deserialize, Serialize};
use service_kit::openapi::StreamVersion;
use utoipa::ToSchema;

use super::moment::{ChangeView, Moment};

/// A change with its place in the account's stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Entry)]
#[serde(rename_all = "camelCase")]
pub struct EntryView {
    /// The account.
    pub account_id: AccountId,
    /// The version of the account that it made.
    #[schema(value_type = StreamVersion)]
    pub version: Version,
    /// Which of the lines that made this version together it is, from 0; only those of a bulk transfer have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub line: Option<usize>,
    /// What changed.
    #[serde(flatten)]
    pub change: ChangeView,
}

/// Where an entry stands among its account's; two of them never stand in the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntryPlace {
    /// The version of the account.
    pub version: Version,
    /// The line of that version; 0 where it has only one entry.
    pub line: usize,
}

impl EntryPlace {
    /// The place of a version's first entry, before which there are only entries of earlier versions.
    #[must_use]
    pub fn first_of(version: Version) -> Self {
        Self { version, line: 0 }
    }

    /// The first version that has no entry before this place.
    pub(crate) fn end_of_versions(self) -> Version {
        if self.line == 0 { self.version } else { self.version.next() }
    }
}

impl EntryView {
    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> EntryPlace {
        EntryPlace { version: self.version, line: self.line.unwrap_or(0) }
    }
}

impl Moment {
    /// The entries that stand in the account's list, in the order of their places; none when no money moved.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = EntryView> {
        let entry = |line, change: &ChangeView| EntryView {
            account_id: self.account_id,
            version: self.version,
            line,
            change: change.clone(),
        };
        let alone = self.change.iter().map(move |change| entry(None, change));
        alone.chain(self.lines.iter().enumerate().map(move |(line, change)| entry(Some(line), change)))
    }
}

/// The entries of these rows that stand before a place. Rows and entries are the newest first.
pub(crate) fn entries_before(moments: &[Moment], before: Option<EntryPlace>, limit: usize) -> Vec<EntryView> {
    let entries = moments.iter().flat_map(|moment| moment.entries().rev());
    let is_before = |entry: &EntryView| before.is_none_or(|before| entry.place() < before);
    entries.filter(is_before).take(limit).collect()
}

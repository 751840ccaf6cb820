//! What a store of views provides. SQLite and MongoDB pass the same contract suite.
//!
//! The views lie in *generations*: one is active, and a rebuild fills another one beside it. Every method says
//! which generation it means; [`Reader`] is how the active one is read, and [`crate::rebuild`] how it changes.
//!
//! Invariant: rows and transfers are written before the documents that show them, and a document only where
//! nobody else has written it since it was read. So a crash in between leaves documents that are behind, and
//! the same events again complete them.

mod changes;
#[cfg(feature = "distributed")]
mod mongo;
mod open;
mod reader;
#[cfg(feature = "embedded")]
mod sqlite;

pub use changes::{Changes, ChangesReceiver};
#[cfg(feature = "distributed")]
pub use mongo::{MongoDeadLetters, MongoViews};
pub use open::{OpenedViews, open};
pub use reader::Reader;
#[cfg(feature = "embedded")]
pub use sqlite::SqliteViews;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ids::{AccountId, TransferId};
use domain::text::CustomerId;
use event_store::Version;
use thiserror::Error;

use crate::view::{AccountDocument, AccountView, EntryPlace, EntryView, Moment, TransferDocument, Views};

/// Why the store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ViewError {
    /// The database does not answer or is busy: worth another try.
    #[error("the views are unavailable: {0}")]
    Unavailable(String),
    /// The database refused: another try would not help.
    #[error("the views failed: {0}")]
    Failed(String),
    /// The store cannot be opened as configured.
    #[error("the views cannot be opened: {0}")]
    Config(String),
}

/// One complete set of views. Numbers start at 1 and are never used again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub i64);

/// Which generations there are. It is one record, changed as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generations {
    /// The one that is read.
    pub active: Generation,
    /// The one that a rebuild fills.
    pub building: Option<Building>,
}

/// A generation that is not yet read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Building {
    /// Its number.
    pub generation: Generation,
    /// Whether projectors write to it as well.
    pub announced: bool,
    /// How many times a projector could not.
    pub missed: i64,
}

impl Generations {
    /// Every generation that must have an event before the event is done.
    pub fn written(&self) -> impl Iterator<Item = Generation> + use<> {
        let announced = self.building.filter(|building| building.announced);
        [Some(self.active), announced.map(|building| building.generation)].into_iter().flatten()
    }
}

/// An account's document with the guard against a concurrent writer.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAccount {
    /// How many times it was written; 0 when it is not stored.
    pub revision: i64,
    /// The document.
    pub document: AccountDocument,
}

/// What a folded batch of events leaves behind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WriteBatch {
    /// New rows; those that are there already are the same.
    pub moments: Vec<Moment>,
    /// Transfers; one that is there with the same or a later version stays.
    pub transfers: Vec<TransferDocument>,
    /// Documents, each at most once, with the revision that was read.
    pub accounts: Vec<StoredAccount>,
}

impl WriteBatch {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.moments.is_empty() && self.transfers.is_empty() && self.accounts.is_empty()
    }
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// All of it is durable.
    All,
    /// Another writer was faster with one of the documents: read again and fold again.
    Raced,
}

/// A moment in an account's past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// After this many events of its stream.
    Version(Version),
    /// At this time.
    Time(DateTime<Utc>),
}

/// Which of an account's transfers to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TransferRange {
    /// Only those that come after this one, newest first.
    pub after: Option<(DateTime<Utc>, TransferId)>,
    /// Only those that were created at this time or before.
    pub until: Option<DateTime<Utc>>,
}

/// The views of accounts, their entries and transfers.
#[async_trait]
pub trait ViewStore: Send + Sync + 'static {
    /// What kind of database this is, as OpenTelemetry's conventions name it (`db.system.name`).
    fn system(&self) -> &'static str;

    /// Which generations there are.
    ///
    /// # Errors
    /// When the database fails, as for every other method.
    async fn generations(&self) -> Result<Generations, ViewError>;

    /// The documents that exist of these accounts, in any order.
    async fn accounts(
        &self,
        generation: Generation,
        ids: &[AccountId],
    ) -> Result<Vec<StoredAccount>, ViewError>;

    /// The transfers that exist of these, in any order.
    async fn transfers(
        &self,
        generation: Generation,
        ids: &[TransferId],
    ) -> Result<Vec<TransferDocument>, ViewError>;

    /// Writes a batch, durably, and tells [`Self::changes`]. After [`Written::Raced`] some of it may be written.
    async fn write(&self, generation: Generation, batch: WriteBatch) -> Result<Written, ViewError>;

    /// Open accounts of a customer, or of all, by id, from the one after `after` on.
    async fn list_accounts(
        &self,
        generation: Generation,
        customer: Option<&CustomerId>,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountView>, ViewError>;

    /// The entries of an account before the place `before`, the newest first.
    async fn list_entries(
        &self,
        generation: Generation,
        account: AccountId,
        before: Option<EntryPlace>,
        limit: usize,
    ) -> Result<Vec<EntryView>, ViewError>;

    /// The transfers from or to an account, the newest first.
    async fn list_transfers(
        &self,
        generation: Generation,
        account: AccountId,
        range: TransferRange,
        limit: usize,
    ) -> Result<Vec<TransferDocument>, ViewError>;

    /// The last row of an account at or before `at`.
    async fn moment(
        &self,
        generation: Generation,
        account: AccountId,
        at: At,
    ) -> Result<Option<Moment>, ViewError>;

    /// The rows in which money moved, after one version of an account up to another, the oldest first.
    async fn list_changes(
        &self,
        generation: Generation,
        account: AccountId,
        after: Version,
        until: Version,
        limit: usize,
    ) -> Result<Vec<Moment>, ViewError>;

    /// All of a generation, for comparing and verifying.
    async fn everything(&self, generation: Generation) -> Result<Views, ViewError>;

    /// Starts a new, empty generation that only the caller knows, and removes what earlier rebuilds left.
    async fn begin_generation(&self) -> Result<Generation, ViewError>;

    /// From now on projectors write to `generation` as well. False when another rebuild has begun since.
    async fn announce(&self, generation: Generation) -> Result<bool, ViewError>;

    /// Notes that a projector could not bring an event into `generation`. False when it is not being built.
    async fn note_missed(&self, generation: Generation) -> Result<bool, ViewError>;

    /// Makes `building` the active generation, if the record still says exactly that; false otherwise.
    async fn switch(&self, building: Building) -> Result<bool, ViewError>;

    /// Removes a generation that is neither active nor being built; any other stays.
    async fn drop_generation(&self, generation: Generation) -> Result<(), ViewError>;

    /// Which accounts this process has written, from now on. Writes of other processes are not seen.
    fn changes(&self) -> ChangesReceiver;

    /// Whether the database answers now.
    async fn ping(&self) -> Result<(), ViewError>;

    /// Lets go of all connections; the store cannot be used afterwards.
    async fn close(&self);
}

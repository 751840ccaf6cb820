//! All views at once, in memory: what a store should hold after these events.

use std::collections::BTreeMap;

use domain::Aggregate;
use domain::account::{Account, AccountEvent};
use domain::event::CodecError;
use domain::ids::{AccountId, TransferId};
use domain::transfer::{MoneyTransfer, TransferEvent};
use event_store::{RecordedEvent, StreamId, Version};
use thiserror::Error;

use super::{
    AccountDocument, AccountView, EntryView, Folded, Moment, TransferDocument, TransferView, fold_account,
    fold_transfer, merge_transfer,
};

/// Every view, by its key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Views {
    /// The accounts' documents, also those without a view.
    pub accounts: BTreeMap<AccountId, AccountDocument>,
    /// The accounts' rows, one a version.
    pub moments: BTreeMap<(AccountId, Version), Moment>,
    /// The transfers.
    pub transfers: BTreeMap<TransferId, TransferDocument>,
}

/// The events are not a whole past.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// An event cannot be read.
    #[error("{stream} version {version}: {source}")]
    Codec {
        /// Its stream.
        stream: StreamId,
        /// Its version.
        version: Version,
        /// What is wrong with it.
        source: CodecError,
    },
    /// An event cannot stand where it stands.
    #[error("{stream} version {version}: {reason}")]
    Order {
        /// Its stream.
        stream: StreamId,
        /// Its version.
        version: Version,
        /// What is wrong with it.
        reason: String,
    },
}

impl Views {
    /// The views of these events: each stream's in order, the streams mixed in any way. Repeated events and
    /// events of other aggregate types change nothing.
    ///
    /// # Errors
    /// [`ReplayError`] when an event is missing or unreadable.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a RecordedEvent>) -> Result<Self, ReplayError> {
        let mut views = Self::default();
        for recorded in events {
            views.fold(recorded)?;
        }
        Ok(views)
    }

    /// Folds the next event of its stream into these views.
    pub(crate) fn fold(&mut self, recorded: &RecordedEvent) -> Result<(), ReplayError> {
        match recorded.stream.aggregate_type.as_str() {
            Account::TYPE => self.fold_account(recorded),
            MoneyTransfer::TYPE => self.fold_transfer(recorded),
            _ => Ok(()),
        }
    }

    /// These documents and rows, by their keys.
    pub(crate) fn of(
        accounts: Vec<AccountDocument>,
        moments: Vec<Moment>,
        transfers: Vec<TransferDocument>,
    ) -> Self {
        Self {
            accounts: accounts.into_iter().map(|document| (document.id, document)).collect(),
            moments: moments
                .into_iter()
                .map(|moment| ((moment.account_id, moment.version), moment))
                .collect(),
            transfers: transfers
                .into_iter()
                .map(|document| (document.transfer.transfer_id, document))
                .collect(),
        }
    }

    /// What clients see of the accounts, by id.
    #[must_use]
    pub fn account_views(&self) -> Vec<AccountView> {
        self.accounts.values().filter_map(AccountDocument::view).collect()
    }

    /// All entries, by account and place.
    #[must_use]
    pub fn entry_views(&self) -> Vec<EntryView> {
        self.moments.values().flat_map(Moment::entries).collect()
    }

    /// All transfers, by id.
    #[must_use]
    pub fn transfer_views(&self) -> Vec<TransferView> {
        self.transfers.values().map(|document| document.transfer.clone()).collect()
    }

    fn document(&mut self, id: AccountId) -> &mut AccountDocument {
        self.accounts.entry(id).or_insert_with(|| AccountDocument::new(id))
    }

    fn fold_account(&mut self, recorded: &RecordedEvent) -> Result<(), ReplayError> {
        let event: AccountEvent = decode(recorded)?;
        let document = self.document(AccountId(recorded.stream.aggregate_id));
        if let Some(moment) = applied(recorded, fold_account(document, recorded, &event))? {
            self.moments.insert((moment.account_id, moment.version), moment);
        }
        Ok(())
    }

    fn fold_transfer(&mut self, recorded: &RecordedEvent) -> Result<(), ReplayError> {
        let event: TransferEvent = decode(recorded)?;
        let id = TransferId(recorded.stream.aggregate_id);
        let mut document = self.transfers.remove(&id);
        applied(recorded, fold_transfer(&mut document, recorded, &event))?;
        if let Some(document) = document {
            merge_transfer(self.document(document.transfer.from_account_id), &document.transfer);
            merge_transfer(self.document(document.transfer.to_account_id), &document.transfer);
            self.transfers.insert(id, document);
        }
        Ok(())
    }
}

fn decode<E: domain::DomainEvent>(recorded: &RecordedEvent) -> Result<E, ReplayError> {
    recorded.decode().map_err(|source| ReplayError::Codec {
        stream: recorded.stream.clone(),
        version: recorded.version,
        source,
    })
}

fn applied<T>(recorded: &RecordedEvent, folded: Folded<T>) -> Result<Option<T>, ReplayError> {
    let reason = match folded {
        Folded::Applied(value) => return Ok(Some(value)),
        Folded::Seen => return Ok(None),
        Folded::Gap { last_seen } => format!("the event before it is missing, the last one is {last_seen}"),
        Folded::Unfit(why) => why.to_owned(),
    };
    Err(ReplayError::Order { stream: recorded.stream.clone(), version: recorded.version, reason })
}

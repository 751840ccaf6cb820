//! One batch of events, folded in memory on what the store has.

use std::collections::{HashMap, HashSet};

use domain::Aggregate;
use domain::account::{Account, AccountEvent};
use domain::ids::{AccountId, TransferId};
use domain::transfer::{MoneyTransfer, TransferEvent};
use event_store::{RecordedEvent, StreamId, Version};
use messaging::Outcome;

use crate::store::{Generation, StoredAccount, ViewError, ViewStore, WriteBatch};
use crate::view::{
    AccountDocument, Folded, Moment, TransferDocument, fold_account, fold_transfer, guard, merge_transfer,
};

/// What an event says.
pub(super) enum Decoded {
    Account(AccountEvent),
    Transfer(TransferEvent),
    /// Of an aggregate that these views show nothing of.
    Other,
    /// Nothing that this code can read, and what becomes of it.
    Unreadable(Outcome),
}

impl Decoded {
    pub(super) fn of(event: &RecordedEvent) -> Self {
        let decoded = match event.stream.aggregate_type.as_str() {
            Account::TYPE => event.decode().map(Self::Account),
            MoneyTransfer::TYPE => event.decode().map(Self::Transfer),
            _ => Ok(Self::Other),
        };
        decoded.unwrap_or_else(|error| Self::Unreadable(Outcome::unreadable(&error)))
    }
}

/// A value that may have been changed since it was read.
struct Read<T> {
    value: T,
    changed: bool,
}

/// What the store has of everything that a batch touches.
#[derive(Default)]
pub(super) struct Folding {
    accounts: HashMap<AccountId, Read<StoredAccount>>,
    transfers: HashMap<TransferId, Read<Option<TransferDocument>>>,
    moments: Vec<Moment>,
}

impl Folding {
    /// An outcome for each event, and what has to be written so that the outcomes are true.
    ///
    /// Transfers come first, because they say which accounts' documents show them.
    pub(super) async fn fold(
        views: &dyn ViewStore,
        generation: Generation,
        events: &[RecordedEvent],
        decoded: &[Decoded],
    ) -> Result<(Vec<Outcome>, WriteBatch), ViewError> {
        let mut folding = Self::default();
        folding.read_transfers(views, generation, events).await?;
        let mut outcomes = vec![Outcome::Done; events.len()];
        folding.fold_those(events, decoded, &mut outcomes, MoneyTransfer::TYPE);
        folding.read_accounts(views, generation, events).await?;
        folding.fold_those(events, decoded, &mut outcomes, Account::TYPE);
        folding.show_transfers();
        Ok((outcomes, folding.into_batch()))
    }

    async fn read_transfers(
        &mut self,
        views: &dyn ViewStore,
        generation: Generation,
        events: &[RecordedEvent],
    ) -> Result<(), ViewError> {
        let ids: HashSet<TransferId> = ids_of(events, MoneyTransfer::TYPE).map(TransferId).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<TransferId> = ids.into_iter().collect();
        let found = views.transfers(generation, &ids).await?;
        self.transfers.extend(ids.into_iter().map(|id| (id, Read { value: None, changed: false })));
        for document in found {
            let read = Read { value: Some(document.clone()), changed: false };
            self.transfers.insert(document.transfer.transfer_id, read);
        }
        Ok(())
    }

    async fn read_accounts(
        &mut self,
        views: &dyn ViewStore,
        generation: Generation,
        events: &[RecordedEvent],
    ) -> Result<(), ViewError> {
        let transfers = self.transfers.values().filter_map(|read| read.value.as_ref());
        let parties = transfers.flat_map(parties);
        let ids: HashSet<AccountId> = parties.chain(ids_of(events, Account::TYPE).map(AccountId)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<AccountId> = ids.into_iter().collect();
        let found = views.accounts(generation, &ids).await?;
        let unknown = |id| StoredAccount { revision: 0, document: AccountDocument::new(id) };
        let read = |value: StoredAccount| (value.document.id, Read { value, changed: false });
        self.accounts.extend(ids.into_iter().map(unknown).map(read));
        self.accounts.extend(found.into_iter().map(read));
        Ok(())
    }

    /// Folds the events of one aggregate type. After an event that is not done, its stream stands still.
    fn fold_those(
        &mut self,
        events: &[RecordedEvent],
        decoded: &[Decoded],
        outcomes: &mut [Outcome],
        aggregate_type: &str,
    ) {
        let mut stopped: HashMap<&StreamId, Outcome> = HashMap::new();
        for ((event, decoded), outcome) in events.iter().zip(decoded).zip(outcomes) {
            if event.stream.aggregate_type != aggregate_type {
                continue;
            }
            *outcome = match stopped.get(&event.stream) {
                Some(earlier) => earlier.clone(),
                None => self.fold_one(event, decoded),
            };
            if *outcome != Outcome::Done {
                stopped.entry(&event.stream).or_insert_with(|| outcome.clone());
            }
        }
    }

    fn fold_one(&mut self, event: &RecordedEvent, decoded: &Decoded) -> Outcome {
        let id = event.stream.aggregate_id;
        match decoded {
            Decoded::Account(said) => self.fold_account(AccountId(id), event, said),
            Decoded::Transfer(said) => self.fold_transfer(TransferId(id), event, said),
            Decoded::Other => Outcome::Done,
            Decoded::Unreadable(outcome) => match guard(self.last_seen(event), event.version) {
                Folded::Applied(()) => outcome.clone(),
                other => outcome_of(&other),
            },
        }
    }

    fn fold_account(&mut self, id: AccountId, event: &RecordedEvent, said: &AccountEvent) -> Outcome {
        let Some(read) = self.accounts.get_mut(&id) else {
            return not_read(event);
        };
        let folded = fold_account(&mut read.value.document, event, said);
        read.changed |= matches!(folded, Folded::Applied(_));
        if let Folded::Applied(moment) = &folded {
            self.moments.push(moment.clone());
        }
        outcome_of(&folded)
    }

    fn fold_transfer(&mut self, id: TransferId, event: &RecordedEvent, said: &TransferEvent) -> Outcome {
        let Some(read) = self.transfers.get_mut(&id) else {
            return not_read(event);
        };
        let folded = fold_transfer(&mut read.value, event, said);
        read.changed |= matches!(folded, Folded::Applied(()));
        outcome_of(&folded)
    }

    /// Puts every transfer of the batch into both documents, also one that had been seen: a crash may have come
    /// between the transfer and the documents.
    fn show_transfers(&mut self) {
        for document in self.transfers.values().filter_map(|read| read.value.as_ref()) {
            for account in parties(document) {
                if let Some(read) = self.accounts.get_mut(&account) {
                    read.changed |= merge_transfer(&mut read.value.document, &document.transfer);
                }
            }
        }
    }

    fn last_seen(&self, event: &RecordedEvent) -> Version {
        let id = event.stream.aggregate_id;
        let account = self.accounts.get(&AccountId(id)).map(|read| read.value.document.version);
        let transfer = self.transfers.get(&TransferId(id)).and_then(|read| read.value.as_ref());
        let transfer = transfer.map(|document| document.transfer.version);
        let is_account = event.stream.aggregate_type == Account::TYPE;
        if is_account { account } else { transfer }.unwrap_or(Version::NONE)
    }

    fn into_batch(self) -> WriteBatch {
        let accounts = self.accounts.into_values().filter(|read| read.changed).map(|read| read.value);
        let transfers =
            self.transfers.into_values().filter(|read| read.changed).filter_map(|read| read.value);
        WriteBatch { moments: self.moments, transfers: transfers.collect(), accounts: accounts.collect() }
    }
}

fn ids_of<'a>(events: &'a [RecordedEvent], aggregate_type: &'a str) -> impl Iterator<Item = uuid::Uuid> + 'a {
    events
        .iter()
        .filter(move |event| event.stream.aggregate_type == aggregate_type)
        .map(|event| event.stream.aggregate_id)
}

fn parties(document: &TransferDocument) -> [AccountId; 2] {
    [document.transfer.from_account_id, document.transfer.to_account_id]
}

fn outcome_of<T>(folded: &Folded<T>) -> Outcome {
    match folded {
        Folded::Seen | Folded::Applied(_) => Outcome::Done,
        Folded::Gap { last_seen } => Outcome::Gap { last_seen: *last_seen },
        Folded::Unfit(why) => Outcome::DeadLetter((*why).to_owned()),
    }
}

/// Everything that a batch touches is read before it is folded.
fn not_read(event: &RecordedEvent) -> Outcome {
    Outcome::Retry(format!("the view of {} was not read", event.stream))
}

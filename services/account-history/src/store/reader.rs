//! Reads the active generation, whichever that is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::ids::{AccountId, TransferId};
use domain::text::CustomerId;
use event_store::Version;

use super::{At, ChangesReceiver, Generation, TransferRange, ViewError, ViewStore};
use crate::view::{
    AccountDocument, AccountView, EntryPlace, EntryView, Moment, TransferDocument, TransferView, Views,
};

/// The views as they are read: every answer is of one generation, which was active after it was read.
///
/// The generation is remembered and looked at again after each query: a rebuild may have switched, and removed
/// the old generation in the middle of it.
#[derive(Clone)]
pub struct Reader {
    store: Arc<dyn ViewStore>,
    active: Arc<AtomicI64>,
}

impl Reader {
    /// A reader of `store`.
    #[must_use]
    pub fn new(store: Arc<dyn ViewStore>) -> Self {
        Self { store, active: Arc::default() }
    }

    /// The document of an account, also if it was never opened and has no view.
    ///
    /// # Errors
    /// When the database fails, as for every other method.
    pub async fn account(&self, id: AccountId) -> Result<Option<AccountDocument>, ViewError> {
        let ids = [id];
        let found = self.settled(|generation| self.store.accounts(generation, &ids)).await?;
        Ok(found.into_iter().next().map(|stored| stored.document))
    }

    /// How many events of an account's own stream its view holds.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn version(&self, id: AccountId) -> Result<Version, ViewError> {
        Ok(self.account(id).await?.map_or(Version::NONE, |document| document.version))
    }

    /// A transfer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn transfer(&self, id: TransferId) -> Result<Option<TransferDocument>, ViewError> {
        let ids = [id];
        let found = self.settled(|generation| self.store.transfers(generation, &ids)).await?;
        Ok(found.into_iter().next())
    }

    /// Open accounts, by id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_accounts(
        &self,
        customer: Option<&CustomerId>,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountView>, ViewError> {
        self.settled(|generation| self.store.list_accounts(generation, customer, after, limit)).await
    }

    /// The entries of an account, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_entries(
        &self,
        account: AccountId,
        before: Option<EntryPlace>,
        limit: usize,
    ) -> Result<Vec<EntryView>, ViewError> {
        self.settled(|generation| self.store.list_entries(generation, account, before, limit)).await
    }

    /// The transfers of an account, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_transfers(
        &self,
        account: AccountId,
        range: TransferRange,
        limit: usize,
    ) -> Result<Vec<TransferDocument>, ViewError> {
        self.settled(|generation| self.store.list_transfers(generation, account, range, limit)).await
    }

    /// The last row of an account at or before `at`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn moment(&self, account: AccountId, at: At) -> Result<Option<Moment>, ViewError> {
        self.settled(|generation| self.store.moment(generation, account, at)).await
    }

    /// The rows in which money moved, after one version of an account up to another, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_changes(
        &self,
        account: AccountId,
        after: Version,
        until: Version,
        limit: usize,
    ) -> Result<Vec<Moment>, ViewError> {
        self.settled(|generation| self.store.list_changes(generation, account, after, until, limit)).await
    }

    /// All of the active generation, in one snapshot where the store has such a thing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn everything(&self) -> Result<Views, ViewError> {
        self.settled(|generation| self.store.everything(generation)).await
    }

    /// What clients see of all accounts, by id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_accounts(&self) -> Result<Vec<AccountView>, ViewError> {
        Ok(self.everything().await?.account_views())
    }

    /// All entries, by account and place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_entries(&self) -> Result<Vec<EntryView>, ViewError> {
        Ok(self.everything().await?.entry_views())
    }

    /// All transfers, by id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_transfers(&self) -> Result<Vec<TransferView>, ViewError> {
        Ok(self.everything().await?.transfer_views())
    }

    /// Which accounts this process writes, from now on.
    #[must_use]
    pub fn changes(&self) -> ChangesReceiver {
        self.store.changes()
    }

    /// Runs `query` on the active generation, again if that has changed meanwhile.
    async fn settled<T, F: Future<Output = Result<T, ViewError>>>(
        &self,
        query: impl Fn(Generation) -> F,
    ) -> Result<T, ViewError> {
        let mut generation = Generation(self.active.load(Ordering::Relaxed));
        if generation == Generation::default() {
            generation = self.store.generations().await?.active;
        }
        loop {
            let answer = query(generation).await;
            let active = self.store.generations().await?.active;
            self.active.store(active.0, Ordering::Relaxed);
            if active == generation {
                return answer;
            }
            generation = active;
        }
    }
}

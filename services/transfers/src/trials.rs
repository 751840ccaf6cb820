//! Trying a transfer without making it: the accounts are asked what they would decide.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::account::Account;
use domain::bulk_transfer::{self, BulkDetails};
use domain::transfer::{RefusalReason, TransferDetails, trial};
use event_store::{Clock, EventStore, Repository, StoreError};
use serde::{Deserialize, Serialize};
use service_kit::http::UNUSED_CONNECTION;
use service_kit::settings::Secret;
use uuid::Uuid;

/// How long the accounts service may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who knows what the accounts would decide.
#[async_trait]
pub trait Trials: Send + Sync {
    /// Why the transfer would fail if it were made now; `None` when it would complete.
    ///
    /// # Errors
    /// [`StoreError`] when the accounts cannot be asked.
    async fn refusal(&self, transfer: &TransferDetails) -> Result<Option<RefusalReason>, StoreError>;

    /// Why its source would refuse the bulk transfer if it were made now; `None` when it would be debited.
    ///
    /// # Errors
    /// [`StoreError`] when the accounts cannot be asked.
    async fn bulk_refusal(&self, bulk: &BulkDetails) -> Result<Option<RefusalReason>, StoreError>;
}

/// Accounts of the same process: their own events.
pub struct LocalTrials {
    accounts: Repository<Account>,
    clock: Arc<dyn Clock>,
}

impl LocalTrials {
    /// Reads accounts from `store`.
    #[must_use]
    pub fn new(store: Arc<dyn EventStore>, clock: Arc<dyn Clock>) -> Self {
        // Nothing is saved, so that no snapshot is either.
        Self { accounts: Repository::new(store, Arc::clone(&clock), 0), clock }
    }

    async fn account(&self, id: Uuid) -> Result<Account, StoreError> {
        Ok(self.accounts.find_optional(id).await?.map(|found| found.state).unwrap_or_default())
    }
}

#[async_trait]
impl Trials for LocalTrials {
    async fn refusal(&self, transfer: &TransferDetails) -> Result<Option<RefusalReason>, StoreError> {
        let source = self.account(transfer.from_account_id.0).await?;
        let target = self.account(transfer.to_account_id.0).await?;
        Ok(trial(&source, &target, transfer, self.clock.now()))
    }

    async fn bulk_refusal(&self, bulk: &BulkDetails) -> Result<Option<RefusalReason>, StoreError> {
        let source = self.account(bulk.from_account_id.0).await?;
        Ok(bulk_transfer::trial(&source, bulk, self.clock.now()))
    }
}

/// The accounts service as a process of its own, which answers `POST /internal/transfer-trials` and
/// `POST /internal/bulk-transfer-trials`.
pub struct HttpTrials {
    http: reqwest::Client,
    accounts_url: String,
    secret: Secret,
}

#[derive(Deserialize)]
struct TrialReply {
    reason: Option<RefusalReason>,
}

impl HttpTrials {
    /// The accounts service at this base URL, which wants to be shown `secret`.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(accounts_url: &str, secret: Secret) -> Result<Self, reqwest::Error> {
        let accounts_url = accounts_url.trim_end_matches('/').to_owned();
        Ok(Self {
            http: reqwest::Client::builder()
                .timeout(PATIENCE)
                .pool_idle_timeout(UNUSED_CONNECTION)
                .no_proxy()
                .build()?,
            accounts_url,
            secret,
        })
    }

    async fn ask(&self, what: &str, about: &impl Serialize) -> Result<Option<RefusalReason>, StoreError> {
        let url = format!("{}/internal/{what}", self.accounts_url);
        let ask = async {
            let request = self.http.post(url).bearer_auth(self.secret.expose()).json(about);
            request.send().await?.error_for_status()?.json::<TrialReply>().await
        };
        let reply = ask.await.map_err(|failure| StoreError::Unavailable(failure.to_string()))?;
        Ok(reply.reason)
    }
}

#[async_trait]
impl Trials for HttpTrials {
    async fn refusal(&self, transfer: &TransferDetails) -> Result<Option<RefusalReason>, StoreError> {
        self.ask("transfer-trials", transfer).await
    }

    async fn bulk_refusal(&self, bulk: &BulkDetails) -> Result<Option<RefusalReason>, StoreError> {
        self.ask("bulk-transfer-trials", bulk).await
    }
}

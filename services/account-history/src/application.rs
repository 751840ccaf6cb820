//! The queries of the account-history service, one function each.

mod curve;
mod past;
mod statement;
mod wait;

use std::time::Duration;

use domain::ids::{AccountId, TransferId};
use domain::text::{Actor, CustomerId};
use event_store::Version;
use service_kit::http::CursorKey;

pub(crate) use curve::{CurvePoint, MOST_CHANGES, Steps};
pub(crate) use statement::{MOST_ENTRIES, Period, Statement};

use crate::error::QueryError;
use crate::store::{Reader, TransferRange};
use crate::view::{AccountView, TransferView};

/// What the handlers call.
#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) reader: Reader,
    /// Signs where lists go on.
    pub(crate) cursors: CursorKey,
}

/// Where a list of transfers goes on.
pub(crate) type TransferOrder = (chrono::DateTime<chrono::Utc>, TransferId);

impl Application {
    /// The account of `reader`, no older than `min_version`; waits at most `patience` for that. To everybody but its owner
    /// and operators it is not there.
    pub(crate) async fn account(
        &self,
        reader: &Actor,
        id: AccountId,
        min_version: Version,
        patience: Duration,
    ) -> Result<AccountView, QueryError> {
        let document = self.wait_for_version(reader, id, min_version, patience).await?;
        document.and_then(|document| document.view()).ok_or(QueryError::AccountNotFound)
    }

    /// Open accounts, by id.
    pub(crate) async fn accounts(
        &self,
        customer: Option<&CustomerId>,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountView>, QueryError> {
        Ok(self.reader.list_accounts(customer, after, limit).await?)
    }

    /// The transfers from or to an account, the newest first.
    pub(crate) async fn transfers(
        &self,
        reader: &Actor,
        account: AccountId,
        after: Option<TransferOrder>,
        limit: usize,
    ) -> Result<Vec<TransferView>, QueryError> {
        self.account(reader, account, Version::NONE, Duration::ZERO).await?;
        let range = TransferRange { after, until: None };
        let transfers = self.reader.list_transfers(account, range, limit).await?;
        Ok(transfers.into_iter().map(|document| document.transfer).collect())
    }
}

//! An account as it was: read from the rows of its past, however long that is, without folding any event.

use chrono::{DateTime, Utc};
use domain::account::AccountStatus;
use domain::money::Balance;
use event_store::Version;

use super::Application;
use crate::error::QueryError;
use crate::store::{At, TransferRange};
use crate::view::{AccountView, EntryPlace, EntryView, Moment, RECENT};

/// What an account held, in minor units of its currency.
#[derive(Debug)]
pub(crate) struct BalanceThen {
    pub(crate) balance: Balance,
    pub(crate) available: Balance,
    /// How many events of the account had happened.
    pub(crate) version: Version,
    /// When the last of them did.
    pub(crate) at: DateTime<Utc>,
}

impl Application {
    /// The account as it was after so many events, or at a time. Its transfers are as they were at that time, for
    /// a version: at the time of its event.
    pub(crate) async fn account_at(&self, current: AccountView, at: At) -> Result<AccountView, QueryError> {
        let (moment, state) = self.opened_moment(&current, at).await?;
        let time = match at {
            At::Version(_) => moment.at,
            At::Time(time) => time,
        };
        let before = EntryPlace::first_of(moment.version.next());
        let entries = self.reader.list_entries(current.id, Some(before), RECENT).await?;
        let range = TransferRange { after: None, until: Some(time) };
        let transfers = self.reader.list_transfers(current.id, range, RECENT).await?;
        Ok(AccountView {
            balance: moment.balance,
            terms: moment.whole_terms(),
            state,
            version: moment.version,
            transfers: transfers.iter().filter_map(|document| document.as_of(time)).collect(),
            changes: entries.into_iter().map(|entry| entry.change).collect(),
            updated_at: moment.at,
            ..current
        })
    }

    /// What the account holds, or held.
    pub(crate) async fn balance(
        &self,
        current: &AccountView,
        at: Option<At>,
    ) -> Result<BalanceThen, QueryError> {
        let Some(at) = at else {
            return Ok(BalanceThen {
                balance: current.balance,
                available: current.terms.available,
                version: current.version,
                at: current.updated_at,
            });
        };
        let (moment, _) = self.opened_moment(current, at).await?;
        let available = moment.whole_terms().available;
        Ok(BalanceThen { balance: moment.balance, available, version: moment.version, at: moment.at })
    }

    /// The entries of an account, as it is or as it was, the newest first.
    pub(crate) async fn entries(
        &self,
        current: &AccountView,
        at: Option<At>,
        before: Option<EntryPlace>,
        limit: usize,
    ) -> Result<Vec<EntryView>, QueryError> {
        let before = match at {
            None => before,
            Some(at) => {
                let (moment, _) = self.opened_moment(current, at).await?;
                let end = EntryPlace::first_of(moment.version.next());
                Some(before.map_or(end, |before| before.min(end)))
            }
        };
        Ok(self.reader.list_entries(current.id, before, limit).await?)
    }

    /// The row of the account at that moment, when it was open already.
    async fn opened_moment(
        &self,
        current: &AccountView,
        at: At,
    ) -> Result<(Moment, AccountStatus), QueryError> {
        if let At::Version(version) = at
            && version > current.version
        {
            return Err(QueryError::OutOfDate { version: current.version });
        }
        let moment = self.reader.moment(current.id, at).await?.ok_or(QueryError::AccountNotFound)?;
        let state = moment.state.ok_or(QueryError::AccountNotFound)?;
        Ok((moment, state))
    }
}

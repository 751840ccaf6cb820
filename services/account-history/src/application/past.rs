//! An account as it was: read from the rows of its past, however long that is, without folding any event.

use super::Application;
use crate::error::QueryError;
use crate::store::{At, TransferRange};
use crate::view::{AccountView, EntryPlace, RECENT, TermsView};

impl Application {
    /// The account as it was after so many events, or at a time. Its transfers are as they were at that time, for
    /// a version: at the time of its event.
    pub(crate) async fn account_at(&self, current: AccountView, at: At) -> Result<AccountView, QueryError> {
        if let At::Version(version) = at
            && version > current.version
        {
            return Err(QueryError::OutOfDate { version: current.version });
        }
        let moment = self.reader.moment(current.id, at).await?.ok_or(QueryError::AccountNotFound)?;
        let state = moment.state.ok_or(QueryError::AccountNotFound)?;
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
            terms: moment.terms.unwrap_or_else(|| TermsView::plain(moment.balance)),
            state,
            version: moment.version,
            transfers: transfers.iter().filter_map(|document| document.as_of(time)).collect(),
            changes: entries.into_iter().map(|entry| entry.change).collect(),
            updated_at: moment.at,
            ..current
        })
    }
}

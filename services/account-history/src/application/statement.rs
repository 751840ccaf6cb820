//! What happened to an account in a period: what it held before, every change, and what it held after.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use domain::ids::AccountId;
use domain::money::Balance;
use event_store::Version;

use super::Application;
use crate::error::QueryError;
use crate::store::At;
use crate::view::{AccountView, EntryPlace, EntryView, Moment};

/// The most changes that one statement lists.
pub(crate) const MOST_ENTRIES: usize = 10_000;

/// How many are read at once.
const PAGE: usize = 500;

/// Days of UTC, the first and the last one included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
}

/// An account's statement; the changes are the oldest first.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) account: AccountView,
    pub(crate) period: Period,
    pub(crate) opening: Balance,
    pub(crate) closing: Balance,
    pub(crate) entries: Vec<EntryView>,
}

impl Period {
    /// `None` when it ends before it begins, or lies outside of the years from 1970 to 9999.
    pub(crate) fn new(from: NaiveDate, to: NaiveDate) -> Option<Self> {
        let is_one = from <= to && from.year() >= 1970 && to.year() <= 9999;
        is_one.then_some(Self { from, to })
    }

    fn begin(self) -> DateTime<Utc> {
        self.from.and_time(NaiveTime::MIN).and_utc()
    }

    /// The last moment: times have whole microseconds.
    fn end(self) -> DateTime<Utc> {
        let next_day = self.to.succ_opt().unwrap_or(NaiveDate::MAX);
        next_day.and_time(NaiveTime::MIN).and_utc() - TimeDelta::microseconds(1)
    }
}

impl Application {
    /// What happened to the account in the period.
    pub(crate) async fn statement(
        &self,
        account: AccountView,
        period: Period,
    ) -> Result<Statement, QueryError> {
        let id = account.id;
        let before = At::Time(period.begin() - TimeDelta::microseconds(1));
        let before = self.reader.moment(id, before).await?;
        let after = self.reader.moment(id, At::Time(period.end())).await?;
        let held = |moment: &Option<Moment>| moment.as_ref().map_or(Balance::ZERO, |moment| moment.balance);
        let (opening, closing) = (held(&before), held(&after));
        let versions = |moment: Option<Moment>| moment.map_or(Version::NONE, |it| it.version);
        let entries = self.entries_between(id, versions(before), versions(after)).await?;
        Ok(Statement { account, period, opening, closing, entries })
    }

    /// The changes after one version up to another, the oldest first.
    async fn entries_between(
        &self,
        id: AccountId,
        after: Version,
        until: Version,
    ) -> Result<Vec<EntryView>, QueryError> {
        let (mut entries, mut before) = (Vec::new(), EntryPlace::first_of(until.next()));
        loop {
            let page = self.reader.list_entries(id, Some(before), PAGE).await?;
            let is_last = page.len() < PAGE;
            let Some(oldest) = page.last().map(EntryView::place) else { break };
            entries.extend(page.into_iter().filter(|entry| entry.version > after));
            if entries.len() > MOST_ENTRIES {
                return Err(QueryError::StatementTooLong);
            }
            if is_last || oldest.version <= after {
                break;
            }
            before = oldest;
        }
        entries.reverse();
        Ok(entries)
    }
}

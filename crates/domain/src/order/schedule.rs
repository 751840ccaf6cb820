//! The calendar of an order: on which days, at what local time, and which instants these are.
//!
//! Invariant: a later due date never comes before an earlier one, and no day is due twice. Each day is counted from the
//! start and not from the day before it: what starts on the 31st is due on the 31st of every month that has one, and on the
//! last day of the others.

mod rule;
mod zone;

pub use rule::ScheduleRule;
pub use zone::{TimeOfDay, TimeZone};

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::words::words;

/// Past this year nothing is due.
const LAST_YEAR: i32 = 9999;

/// When an order is due. Without an interval it is due once; else until a last day, so many times, or until it is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// The first day.
    pub start_date: NaiveDate,
    /// The local time of each day.
    pub time_of_day: TimeOfDay,
    /// Whose local time it is.
    pub time_zone: TimeZone,
    /// How far the days are apart; without one there is only the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Interval>,
    /// The last day on which it may be due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<NaiveDate>,
    /// How many times it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// How far two due dates are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Interval {
    /// So many.
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 1000))]
    pub number: u32,
    /// Of what.
    pub unit: IntervalUnit,
}

words! {
    /// What an interval counts.
    pub enum IntervalUnit {
        /// Days of the calendar, however many hours they have.
        Days = "days",
        /// Seven days each.
        Weeks = "weeks",
        /// Months of the calendar.
        Months = "months",
        /// Years of the calendar.
        Years = "years",
    }
}

/// A day on which an order is due, and the instant that this was taken to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DueDate {
    /// 1 for the first one.
    pub number: u32,
    /// The day of the calendar.
    pub date: NaiveDate,
    /// The instant, by the time zone rules that were known when it was said.
    pub at: DateTime<Utc>,
}

impl Interval {
    /// The most days, weeks, months or years.
    pub const MOST: u32 = 1000;

    /// The day that lies `steps` intervals after `start`, if the calendar reaches that far.
    fn after(self, start: NaiveDate, steps: u32) -> Option<NaiveDate> {
        let units = self.number.checked_mul(steps)?;
        match self.unit {
            IntervalUnit::Days => start.checked_add_days(Days::new(units.into())),
            IntervalUnit::Weeks => start.checked_add_days(Days::new(units.checked_mul(7)?.into())),
            IntervalUnit::Months => start.checked_add_months(Months::new(units)),
            IntervalUnit::Years => start.checked_add_months(Months::new(units.checked_mul(12)?)),
        }
    }
}

impl Schedule {
    /// The most times that a schedule can count.
    pub const MOST_TIMES: u32 = 100_000;

    /// Whether it means something.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn check(&self) -> Result<(), ScheduleRule> {
        match *self {
            Self { every: None, end_date: Some(_), .. } => Err(ScheduleRule::EndWithoutInterval),
            Self { every: None, count: Some(_), .. } => Err(ScheduleRule::CountWithoutInterval),
            Self { end_date: Some(_), count: Some(_), .. } => Err(ScheduleRule::EndAndCount),
            Self { every: Some(every), .. } if !(1..=Interval::MOST).contains(&every.number) => {
                Err(ScheduleRule::IntervalOutOfRange)
            }
            Self { count: Some(count), .. } if !(1..=Self::MOST_TIMES).contains(&count) => {
                Err(ScheduleRule::CountOutOfRange)
            }
            Self { end_date: Some(end), start_date, .. } if end < start_date => {
                Err(ScheduleRule::EndBeforeStart)
            }
            Self { start_date, .. } if start_date.year() > LAST_YEAR => Err(ScheduleRule::StartTooFar),
            Self { end_date: Some(end), .. } if end.year() > LAST_YEAR => Err(ScheduleRule::EndTooFar),
            _ => Ok(()),
        }
    }

    /// The due date of this number, from 1; `None` when there are not so many.
    #[must_use]
    pub fn due(&self, number: u32) -> Option<DueDate> {
        let date = self.date(number)?;
        Some(DueDate { number, date, at: self.time_zone.instant(date.and_time(self.time_of_day.get()))? })
    }

    /// The due date after `due`, whose instant stands, whatever the rules of its time zone have become since. Where both
    /// would be the other way round by that, they come at the same instant.
    #[must_use]
    pub fn due_after(&self, due: DueDate) -> Option<DueDate> {
        let next = self.due(due.number.checked_add(1)?).filter(|next| next.date > due.date)?;
        Some(DueDate { at: next.at.max(due.at), ..next })
    }

    fn date(&self, number: u32) -> Option<NaiveDate> {
        let steps = number.checked_sub(1)?;
        let date = match self.every {
            None => (steps == 0).then_some(self.start_date)?,
            Some(every) => every.after(self.start_date, steps)?,
        };
        let is_within = self.count.is_none_or(|count| number <= count)
            && self.end_date.is_none_or(|end| date <= end)
            && date.year() <= LAST_YEAR;
        is_within.then_some(date)
    }
}

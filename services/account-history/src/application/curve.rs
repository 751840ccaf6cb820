//! The balance of an account over a period: every change, or one point for each step of time.
//!
//! Invariant: every point says what the balance was at its time, with what happened in that very microsecond.

use chrono::{DateTime, TimeDelta, Utc};
use domain::money::Balance;
use event_store::Version;
use serde::Serialize;
use utoipa::ToSchema;

use super::Application;
use crate::error::QueryError;
use crate::store::At;
use crate::view::{AccountView, Moment};

/// The most changes that are read for one curve, however few points it has.
pub(crate) const MOST_CHANGES: usize = 100_000;

/// How many are read at once.
const PAGE: usize = 500;

/// Where the points of a curve lie in its period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Steps {
    /// At every change, of which there may be so many.
    Changes {
        /// How many.
        most: usize,
    },
    /// At the end of every step of this many microseconds, and at the end of the period.
    Every(i64),
}

/// What an account held at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CurvePoint {
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// What it held then, in minor units of its currency.
    pub(crate) balance: Balance,
}

/// What an account held in a period, in minor units of its currency; the points are the oldest first.
#[derive(Debug)]
pub(crate) struct Curve {
    pub(crate) opening: Balance,
    pub(crate) closing: Balance,
    pub(crate) minimum: Balance,
    pub(crate) maximum: Balance,
    pub(crate) points: Vec<CurvePoint>,
}

impl Steps {
    /// How many points a period has, which is one even if it is only a moment; changes are counted when they are read.
    pub(crate) fn count(self, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<i64> {
        let micros = (to.timestamp_micros()).saturating_sub(from.timestamp_micros());
        match self {
            Self::Changes { .. } => None,
            Self::Every(step) => {
                Some(micros.div_euclid(step) + i64::from(micros % step > 0)).map(|n| n.max(1))
            }
        }
    }
}

impl Application {
    /// What the account held from one time to another, both included.
    pub(crate) async fn curve(
        &self,
        account: &AccountView,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        steps: Steps,
    ) -> Result<Curve, QueryError> {
        let before = At::Time(from - TimeDelta::microseconds(1));
        let before = self.reader.moment(account.id, before).await?;
        let after = self.reader.moment(account.id, At::Time(to)).await?;
        let version = |moment: &Option<Moment>| moment.as_ref().map_or(Version::NONE, |it| it.version);
        let opening = before.as_ref().map_or(Balance::ZERO, |moment| moment.balance);
        let mut drawing = Drawing::new(from, to, steps, opening);
        let (mut seen, last) = (version(&before), version(&after));
        loop {
            let page = self.reader.list_changes(account.id, seen, last, PAGE).await?;
            page.iter().try_for_each(|moment| drawing.add(moment))?;
            match page.last().filter(|_| page.len() == PAGE) {
                Some(newest) => seen = newest.version,
                None => return Ok(drawing.finish()),
            }
        }
    }
}

/// A curve that is drawn from its begin to its end.
struct Drawing {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    steps: Steps,
    changes: usize,
    balance: Balance,
    curve: Curve,
}

impl Drawing {
    fn new(from: DateTime<Utc>, to: DateTime<Utc>, steps: Steps, opening: Balance) -> Self {
        let curve =
            Curve { opening, closing: opening, minimum: opening, maximum: opening, points: Vec::new() };
        Self { from, to, steps, changes: 0, balance: opening, curve }
    }

    fn add(&mut self, moment: &Moment) -> Result<(), QueryError> {
        self.changes += 1;
        match self.steps {
            Steps::Changes { most } if self.changes > most => {
                return Err(QueryError::TooManyChanges { most });
            }
            Steps::Changes { .. } => {
                self.curve.points.push(CurvePoint { at: moment.at, balance: moment.balance });
            }
            Steps::Every(_) if self.changes > MOST_CHANGES => return Err(QueryError::CurveTooLong),
            Steps::Every(step) => self.draw_steps_before(moment.at, step),
        }
        self.balance = moment.balance;
        self.curve.minimum = self.curve.minimum.min(self.balance);
        self.curve.maximum = self.curve.maximum.max(self.balance);
        Ok(())
    }

    /// The points of the steps that had ended before this time, in which nothing more happened.
    fn draw_steps_before(&mut self, time: DateTime<Utc>, step: i64) {
        while let Some(at) = self.next_end(step).filter(|end| *end < time) {
            self.curve.points.push(CurvePoint { at, balance: self.balance });
        }
    }

    /// The end of the step whose point comes next, unless the last one is drawn.
    fn next_end(&self, step: i64) -> Option<DateTime<Utc>> {
        let drawn = i64::try_from(self.curve.points.len()).ok()?;
        let is_left = self.steps.count(self.from, self.to).is_some_and(|count| drawn < count);
        let end = self.from + TimeDelta::microseconds(step.saturating_mul(drawn.saturating_add(1)));
        is_left.then(|| end.min(self.to))
    }

    fn finish(mut self) -> Curve {
        if let Steps::Every(step) = self.steps {
            while let Some(at) = self.next_end(step) {
                self.curve.points.push(CurvePoint { at, balance: self.balance });
            }
        }
        Curve { closing: self.balance, ..self.curve }
    }
}

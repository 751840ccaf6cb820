//! Local time: a time of the day, and the place whose clocks show it.
//!
//! Where clocks are put forward, some local times do not exist: then the first instant after the gap is meant. Where they
//! are put back, some exist twice: then the first of the two is meant.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, LocalResult, NaiveDateTime, NaiveTime, Timelike, Utc};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The text is no time of the day, or names no time zone; the message says what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidLocalTime(&'static str);

/// A time of the day in whole seconds, such as `09:00` or `23:59:59`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(NaiveTime);

impl TimeOfDay {
    /// The time as the calendar takes it.
    #[must_use]
    pub fn get(self) -> NaiveTime {
        self.0
    }
}

impl FromStr for TimeOfDay {
    type Err = InvalidLocalTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = match text.len() {
            5 => "%H:%M",
            8 => "%H:%M:%S",
            _ => "",
        };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
        NaiveTime::parse_from_str(text, form)
            .ok()
            // A leap second is more nanoseconds than a second has.
            .filter(|time| digits && time.nanosecond() == 0)
            .map(Self)
            .ok_or(InvalidLocalTime("a time of the day is written as 09:00 or 09:00:00"))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%H:%M:%S"))
    }
}

/// A time zone of the IANA database, such as `Europe/Berlin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone(Tz);

impl TimeZone {
    /// The instant at which clocks there show `local`; `None` only at the ends of the calendar.
    #[must_use]
    pub fn instant(self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        match local.and_local_timezone(self.0) {
            LocalResult::Single(instant) => Some(instant.to_utc()),
            LocalResult::Ambiguous(first, second) => Some(first.min(second).to_utc()),
            LocalResult::None => {
                let gap = GapInfo::new(&local, &self.0)?;
                gap.end.map(|after| after.to_utc())
            }
        }
    }
}

impl FromStr for TimeZone {
    type Err = InvalidLocalTime;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let unknown = InvalidLocalTime("a time zone is a name of the IANA database, such as Europe/Berlin");
        name.parse().map(Self).map_err(|_| unknown)
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

macro_rules! as_text {
    ($($name:ident),+) => {$(
        impl TryFrom<String> for $name {
            type Error = InvalidLocalTime;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    )+};
}

as_text!(TimeOfDay, TimeZone);

//! How many commands are under way at once, and on which accounts.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::account_worker::HOT_ACCOUNTS;

/// What a cell puts on a contender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Load {
    /// So many commands at once, each worker on accounts of its own.
    InFlight(usize),
    /// 64 commands at once on 8 accounts.
    Hot,
    /// Rows without commands, in batches.
    Batches,
}

const HOT_IN_FLIGHT: usize = 64;
const MOST_IN_FLIGHT: usize = 10_000;

impl Load {
    /// How many workers there are.
    pub(crate) fn in_flight(self) -> usize {
        match self {
            Self::InFlight(count) => count,
            Self::Hot => HOT_IN_FLIGHT,
            Self::Batches => 0,
        }
    }

    /// How many events are in the store before the workers begin.
    pub(crate) fn events_before(self) -> u64 {
        if self == Self::Hot { HOT_ACCOUNTS as u64 } else { 0 }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InFlight(count) => write!(f, "{count}"),
            Self::Hot => f.write_str("hot"),
            Self::Batches => f.write_str("4x100"),
        }
    }
}

impl FromStr for Load {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(count) if (1..=MOST_IN_FLIGHT).contains(&count) => Ok(Self::InFlight(count)),
            _ if text == "hot" => Ok(Self::Hot),
            _ => Err(format!("a number of commands at once from 1 to {MOST_IN_FLIGHT}, or `hot`")),
        }
    }
}

impl Serialize for Load {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

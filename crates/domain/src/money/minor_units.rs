//! The two numbers of the bank: an amount that moves and a balance that stays.

use std::fmt;

use serde::de::{Deserializer, Error as _, Unexpected, Visitor};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::MAX_MINOR_UNITS;

/// The number is not one of the minor units that its type holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected an integer of minor units from {min} to {MAX_MINOR_UNITS}, got {given}")]
pub struct OutOfRange {
    min: u64,
    given: u64,
}

macro_rules! minor_units {
    ($(#[$about:meta])* $name:ident, at least $min:literal) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// The smallest value.
            pub const MIN: Self = Self($min);
            /// The largest value.
            pub const MAX: Self = Self(MAX_MINOR_UNITS);

            /// `minor_units` of money.
            ///
            /// # Errors
            /// [`OutOfRange`] outside of [`Self::MIN`] to [`Self::MAX`].
            pub fn new(minor_units: u64) -> Result<Self, OutOfRange> {
                let fits = (Self::MIN.0..=Self::MAX.0).contains(&minor_units);
                fits.then_some(Self(minor_units)).ok_or(OutOfRange { min: $min, given: minor_units })
            }

            /// The number of minor units.
            #[must_use]
            pub const fn minor_units(self) -> u64 {
                self.0
            }
        }

        impl TryFrom<u64> for $name {
            type Error = OutOfRange;

            fn try_from(minor_units: u64) -> Result<Self, Self::Error> {
                Self::new(minor_units)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let minor_units = deserializer.deserialize_u64(MinorUnits { min: $min })?;
                Self::new(minor_units).map_err(D::Error::custom)
            }
        }
    };
}

minor_units! {
    /// Minor units that move: 1 to [`MAX_MINOR_UNITS`].
    Amount, at least 1
}

minor_units! {
    /// Minor units that an account holds: 0 to [`MAX_MINOR_UNITS`].
    Balance, at least 0
}

impl Balance {
    /// An empty account's.
    pub const ZERO: Self = Self::MIN;

    /// Whether nothing is there.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// This balance and `amount` more; `None` beyond [`MAX_MINOR_UNITS`].
    #[must_use]
    pub fn checked_add(self, amount: Amount) -> Option<Self> {
        self.0.checked_add(amount.0).and_then(|sum| Self::new(sum).ok())
    }

    /// This balance without `amount`; `None` below zero.
    #[must_use]
    pub fn checked_sub(self, amount: Amount) -> Option<Self> {
        self.0.checked_sub(amount.0).map(Self)
    }
}

impl Balance {
    /// This balance without so many minor units, and at least zero.
    pub(crate) fn saturating_sub(self, minor_units: u64) -> Self {
        Self(self.0.saturating_sub(minor_units))
    }
}

impl From<Amount> for Balance {
    fn from(amount: Amount) -> Self {
        Self(amount.0)
    }
}

/// Reads an integer and nothing else, and says the bounds in every error.
struct MinorUnits {
    min: u64,
}

impl Visitor<'_> for MinorUnits {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an integer of minor units from {} to {MAX_MINOR_UNITS}", self.min)
    }

    fn visit_u64<E: serde::de::Error>(self, given: u64) -> Result<u64, E> {
        Ok(given)
    }

    fn visit_i64<E: serde::de::Error>(self, given: i64) -> Result<u64, E> {
        u64::try_from(given).map_err(|_| E::invalid_value(Unexpected::Signed(given), &self))
    }
}

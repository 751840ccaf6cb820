//! The numbers of the bank: an amount that moves, a limit that may be nothing, and a balance that stays.

use std::fmt;

use serde::de::{Deserializer, Error as _, Visitor};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::MAX_MINOR_UNITS;

/// [`MAX_MINOR_UNITS`], where a number may be negative.
const LARGEST: i64 = MAX_MINOR_UNITS.cast_signed();

/// The number is not one of the minor units that its type holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected an integer of minor units from {min} to {MAX_MINOR_UNITS}, got {given}")]
pub struct OutOfRange {
    min: i64,
    given: i128,
}

macro_rules! minor_units {
    ($(#[$about:meta])* $name:ident($integer:ty), from $min:expr, to $max:expr, by $deserialize:ident) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name($integer);

        impl $name {
            /// The smallest value.
            pub const MIN: Self = Self($min);
            /// The largest value.
            pub const MAX: Self = Self($max);

            /// `minor_units` of money.
            ///
            /// # Errors
            /// [`OutOfRange`] outside of [`Self::MIN`] to [`Self::MAX`].
            pub fn new(minor_units: $integer) -> Result<Self, OutOfRange> {
                let fits = (Self::MIN.0..=Self::MAX.0).contains(&minor_units);
                fits.then_some(Self(minor_units)).ok_or(OutOfRange { min: $min, given: minor_units.into() })
            }

            /// The number of minor units.
            #[must_use]
            pub const fn minor_units(self) -> $integer {
                self.0
            }
        }

        impl TryFrom<$integer> for $name {
            type Error = OutOfRange;

            fn try_from(minor_units: $integer) -> Result<Self, Self::Error> {
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
                let given = deserializer.$deserialize(MinorUnits { min: $min })?;
                let minor_units = <$integer>::try_from(given);
                let unfit = OutOfRange { min: $min, given };
                minor_units.map_err(|_| unfit).and_then(Self::new).map_err(D::Error::custom)
            }
        }
    };
}

minor_units! {
    /// Minor units that move: 1 to [`MAX_MINOR_UNITS`].
    Amount(u64), from 1, to MAX_MINOR_UNITS, by deserialize_u64
}

minor_units! {
    /// Minor units that need not be any: 0 to [`MAX_MINOR_UNITS`].
    AmountOrZero(u64), from 0, to MAX_MINOR_UNITS, by deserialize_u64
}

minor_units! {
    /// Minor units that an account holds, or owes: minus to plus [`MAX_MINOR_UNITS`].
    Balance(i64), from -LARGEST, to LARGEST, by deserialize_i64
}

impl AmountOrZero {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The amount, if it is any.
    #[must_use]
    pub fn amount(self) -> Option<Amount> {
        Amount::new(self.0).ok()
    }
}

impl Default for AmountOrZero {
    fn default() -> Self {
        Self::ZERO
    }
}

impl From<Amount> for AmountOrZero {
    fn from(amount: Amount) -> Self {
        Self(amount.0)
    }
}

impl Balance {
    /// An empty account's.
    pub const ZERO: Self = Self(0);

    /// Whether nothing is there, and nothing owed.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// This balance and `amount` more; `None` beyond [`MAX_MINOR_UNITS`].
    #[must_use]
    pub fn checked_add(self, amount: Amount) -> Option<Self> {
        self.0.checked_add_unsigned(amount.0).and_then(|sum| Self::new(sum).ok())
    }

    /// This balance without `amount`; `None` below minus [`MAX_MINOR_UNITS`].
    #[must_use]
    pub fn checked_sub(self, amount: Amount) -> Option<Self> {
        self.0.checked_sub_unsigned(amount.0).and_then(|rest| Self::new(rest).ok())
    }
}

impl From<Amount> for Balance {
    fn from(amount: Amount) -> Self {
        Self(amount.0.cast_signed())
    }
}

/// Reads an integer and nothing else, and says the bounds in every error.
struct MinorUnits {
    min: i64,
}

impl Visitor<'_> for MinorUnits {
    type Value = i128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an integer of minor units from {} to {MAX_MINOR_UNITS}", self.min)
    }

    fn visit_u64<E: serde::de::Error>(self, given: u64) -> Result<i128, E> {
        Ok(given.into())
    }

    fn visit_i64<E: serde::de::Error>(self, given: i64) -> Result<i128, E> {
        Ok(given.into())
    }
}

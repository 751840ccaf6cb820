//! Money: whole minor units (cents, pence, yen) with a currency, always within what a JSON number holds exactly.
//!
//! Invariant: an [`Amount`] is at least 1 and at most [`MAX_MINOR_UNITS`], and a [`Balance`] is no further from zero.
//! Arithmetic is checked: what does not fit is `None`, never a wrapped or rounded number.

mod currency;
mod minor_units;

pub use currency::{Currency, UnknownCurrency};
pub use minor_units::{Amount, AmountOrZero, Balance, OutOfRange};

use serde::{Deserialize, Serialize};

/// The most minor units that an amount or a balance may have: the largest integer that every JSON reader keeps
/// exactly, 2^53 - 1 (RFC 8259, section 6).
pub const MAX_MINOR_UNITS: u64 = (1 << 53) - 1;

/// So many minor units of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Money {
    /// How much, in minor units of `currency`.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
}

impl Money {
    /// `amount` minor units of `currency`.
    #[must_use]
    pub const fn new(amount: Amount, currency: Currency) -> Self {
        Self { amount, currency }
    }
}

//! Whose a webhook is.

use std::fmt;

use domain::text::{Actor, CustomerId};
use uuid::Uuid;

/// A customer, or the operators of the bank together: a webhook of theirs outlives whoever made it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Owner(String);

/// No customer who signs in is called so: their ids are UUIDs.
const OPERATORS: &str = "operators";

impl Owner {
    /// Whoever asks.
    pub(crate) fn of(actor: &Actor) -> Self {
        if actor.is_operator() { Self::operators() } else { Self(actor.to_string()) }
    }

    pub(crate) fn customer(id: Uuid) -> Self {
        Self(id.to_string())
    }

    pub(crate) fn operators() -> Self {
        Self(OPERATORS.to_owned())
    }

    /// As it was written down; `None` for what cannot have been.
    pub(crate) fn stored(text: String) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<CustomerId> for Owner {
    fn from(customer: CustomerId) -> Self {
        Self(customer.into())
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

//! Why a customer's record refuses whoever stands in front of it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::MAX_PAYEES;

/// The rules forbid the command. It serializes as `{"code": ..}`.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum CustomerRefusal {
    /// Nobody registered under the id, or they were erased, or they are somebody else.
    #[error("there is no such customer")]
    CustomerNotFound,
    /// The id is taken.
    #[error("the customer is registered already")]
    AlreadyRegistered,
    /// The registration took so long that its e-mail address was given up.
    #[error("the registration took too long and was given up; repeat it with another Idempotency-Key")]
    RegistrationAbandoned,
    /// No payee has the id.
    #[error("there is no such payee")]
    PayeeNotFound,
    /// The account is among the payees.
    #[error("the account is among the payees already")]
    PayeeAlreadySaved,
    /// There are [`MAX_PAYEES`].
    #[error("a customer has at most {MAX_PAYEES} payees")]
    TooManyPayees,
}

impl CustomerRefusal {
    /// The refusal's word, stable for programs to act on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CustomerNotFound => "customer-not-found",
            Self::AlreadyRegistered => "already-registered",
            Self::RegistrationAbandoned => "registration-abandoned",
            Self::PayeeNotFound => "payee-not-found",
            Self::PayeeAlreadySaved => "payee-already-saved",
            Self::TooManyPayees => "too-many-payees",
        }
    }
}

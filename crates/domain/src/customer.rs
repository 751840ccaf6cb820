//! The customer: who somebody is to the bank, and whom they pay.
//!
//! Invariant: no event and no state says anything about a person in clear. What does is [`Sealed`] with the customer's
//! own key, which lies elsewhere, so that destroying the key erases the person from every copy of every event.

mod command;
mod decide;
mod event;
mod evolve;
mod personal;
mod refusal;

pub use command::CustomerCommand;
pub use event::CustomerEvent;
pub use personal::{EmailAddress, InvalidPersonalData, PersonName, Sealed};
pub use refusal::CustomerRefusal;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Aggregate;
use crate::ids::{AccountId, PayeeId};
use crate::text::CustomerId;
use crate::words::words;

/// How many payees a customer may save, which bounds the state.
pub const MAX_PAYEES: usize = 200;

/// A customer's state; the default is somebody who never registered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Customer(Record);

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Record {
    /// Nobody has registered yet.
    #[default]
    Empty,
    /// Nobody has registered, and nobody will.
    Abandoned,
    Known(KnownCustomer),
}

/// What there is to know about a customer from the registration on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownCustomer {
    /// Their id, the owner of their accounts.
    pub customer_id: CustomerId,
    /// Whether they still are a customer.
    pub status: CustomerStatus,
    /// Name and e-mail address, sealed.
    pub profile: Sealed,
    /// Whom they pay, in the order of the ids, which is that of saving.
    pub payees: BTreeMap<PayeeId, Payee>,
    /// When they registered.
    pub registered_at: DateTime<Utc>,
    /// When they asked to be erased.
    pub erasure_requested_at: Option<DateTime<Utc>>,
}

/// An account of somebody else that a customer pays into again and again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payee {
    /// The account.
    pub account_id: AccountId,
    /// What the customer calls its owner, sealed.
    pub name: Sealed,
    /// When it was saved.
    pub saved_at: DateTime<Utc>,
}

words! {
    /// Whether somebody is a customer.
    pub enum CustomerStatus {
        /// They are.
        Active = "active",
        /// They asked to be erased, and their key may still be there.
        Erasing = "erasing",
        /// Their key is destroyed.
        Erased = "erased",
    }
}

impl Customer {
    /// Who registered, whatever became of them.
    #[must_use]
    pub fn known(&self) -> Option<&KnownCustomer> {
        match &self.0 {
            Record::Known(customer) => Some(customer),
            Record::Empty | Record::Abandoned => None,
        }
    }

    /// Whether a registration under this id was given up, so that there can be none any more.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.0 == Record::Abandoned
    }

    /// Who registered and did not ask to be erased.
    #[must_use]
    pub fn active(&self) -> Option<&KnownCustomer> {
        self.known().filter(|customer| customer.status == CustomerStatus::Active)
    }
}

impl Aggregate for Customer {
    const TYPE: &'static str = "customer";
    const STATE_SCHEMA_VERSION: u32 = 2;

    type Command = CustomerCommand;
    type Event = CustomerEvent;
    type Refusal = CustomerRefusal;

    fn decide(&self, command: &CustomerCommand) -> Result<Vec<CustomerEvent>, CustomerRefusal> {
        decide::decide(self, command)
    }

    fn evolve(self, event: &CustomerEvent) -> Self {
        evolve::evolve(self, event)
    }

    /// An erasure is due from the moment it is asked for, until the key is destroyed.
    fn deadline(&self) -> Option<DateTime<Utc>> {
        let customer = self.known().filter(|customer| customer.status == CustomerStatus::Erasing)?;
        customer.erasure_requested_at
    }

    fn heap_bytes(&self) -> usize {
        let payee = |payee: &Payee| size_of::<(PayeeId, Payee)>() + payee.name.as_str().len();
        self.known().map_or(0, |customer| {
            customer.customer_id.as_str().len()
                + customer.profile.as_str().len()
                + customer.payees.values().map(payee).sum::<usize>()
        })
    }
}

//! What can have happened to a customer's record.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Sealed;
use crate::DomainEvent;
use crate::event::EventType;
use crate::ids::{AccountId, PayeeId};
use crate::text::CustomerId;

/// A fact about a customer. `at` is the time of the decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
pub enum CustomerEvent {
    /// Somebody became a customer.
    CustomerRegistered {
        /// Their id.
        customer_id: CustomerId,
        /// Name and e-mail address, sealed.
        profile: Sealed,
        /// When.
        at: DateTime<Utc>,
    },
    /// They are called otherwise, or reached elsewhere.
    CustomerProfileChanged {
        /// The whole new profile, sealed.
        profile: Sealed,
        /// When.
        at: DateTime<Utc>,
    },
    /// They keep an account to pay into.
    PayeeSaved {
        /// Its id among their payees.
        payee_id: PayeeId,
        /// The account.
        account_id: AccountId,
        /// What they call its owner, sealed.
        name: Sealed,
        /// When.
        at: DateTime<Utc>,
    },
    /// They do not keep it any more.
    PayeeRemoved {
        /// Its id among their payees.
        payee_id: PayeeId,
        /// When.
        at: DateTime<Utc>,
    },
    /// A registration came to nothing: from here on nobody registers under this id.
    RegistrationAbandoned {
        /// When.
        at: DateTime<Utc>,
    },
    /// An e-mail address that they had reserved and do not use is about to be given to somebody else. It changes nothing
    /// but the version, which every change of the address names: one that is under way has to begin again.
    AddressClaimLapsed {
        /// When.
        at: DateTime<Utc>,
    },
    /// They want to be forgotten. From here on they are no customer.
    ErasureRequested {
        /// When.
        at: DateTime<Utc>,
    },
    /// Their key is destroyed: nothing sealed can be opened again.
    CustomerErased {
        /// When.
        at: DateTime<Utc>,
    },
}

impl DomainEvent for CustomerEvent {
    const TYPES: &'static [EventType] = &[
        EventType { name: "CustomerRegistered", schema_version: 1 },
        EventType { name: "CustomerProfileChanged", schema_version: 1 },
        EventType { name: "PayeeSaved", schema_version: 1 },
        EventType { name: "PayeeRemoved", schema_version: 1 },
        EventType { name: "RegistrationAbandoned", schema_version: 1 },
        EventType { name: "AddressClaimLapsed", schema_version: 1 },
        EventType { name: "ErasureRequested", schema_version: 1 },
        EventType { name: "CustomerErased", schema_version: 1 },
    ];
}

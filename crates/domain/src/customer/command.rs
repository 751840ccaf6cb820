//! What can be asked of a customer's record.

use chrono::{DateTime, Utc};

use super::Sealed;
use crate::ids::{AccountId, PayeeId};
use crate::text::{Actor, CustomerId};

/// A request to change a customer's record. `now` is the time at which it is decided.
#[derive(Debug, Clone, PartialEq)]
pub enum CustomerCommand {
    /// Become a customer.
    Register {
        /// The id that was assigned.
        customer_id: CustomerId,
        /// Name and e-mail address.
        profile: Sealed,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Be called otherwise, or be reached elsewhere.
    ChangeProfile {
        /// Who asks.
        actor: Actor,
        /// The whole new profile.
        profile: Sealed,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Keep an account to pay into.
    SavePayee {
        /// Who asks.
        actor: Actor,
        /// The id that was assigned to it; ids are in the order of time.
        payee_id: PayeeId,
        /// The account.
        account_id: AccountId,
        /// What the customer calls its owner.
        name: Sealed,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Forget it.
    RemovePayee {
        /// Who asks.
        actor: Actor,
        /// Which.
        payee_id: PayeeId,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Be forgotten.
    RequestErasure {
        /// Who asks.
        actor: Actor,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Give up an e-mail address that was reserved for this record and that nothing came of, so that whoever is still
    /// about to use it learns that it is too late.
    GiveUpClaim {
        /// The time.
        now: DateTime<Utc>,
    },
    /// Take note that the key is destroyed.
    RecordErasure {
        /// The time.
        now: DateTime<Utc>,
    },
}

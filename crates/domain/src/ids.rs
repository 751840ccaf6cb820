//! Identities. Each is a type of its own, so that a transfer's id never stands where an account's belongs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The bare UUID, for a store or a path that is not typed.
            #[must_use]
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_id! {
    /// Identifies an account, and is the id of its stream.
    AccountId
}

uuid_id! {
    /// Identifies a transfer, and is the id of its stream.
    TransferId
}

uuid_id! {
    /// Identifies a bulk transfer, and is the id of its stream.
    BulkId
}

uuid_id! {
    /// Identifies money that an account holds for somebody.
    HoldId
}

uuid_id! {
    /// Identifies a saved payee among one customer's.
    PayeeId
}

uuid_id! {
    /// Identifies an order for transfers, and is the id of its stream.
    OrderId
}

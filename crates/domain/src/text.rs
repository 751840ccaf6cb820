//! Text that people give us: bounded and free of control characters from the moment it is a value.
//!
//! Invariant: a value of one of these types satisfies its rule, however it came about; serde checks it too.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

/// What the actor of an operator starts with.
const OPERATOR: &str = "operator:";

/// The text breaks the rule of its type; the message says what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidText(&'static str);

macro_rules! text {
    ($(#[$about:meta])* $name:ident, at most $max:literal, of $allowed:path, else $rule:literal) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The most characters that it may have.
            pub const MAX_CHARS: usize = $max;

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let length = text.chars().count();
                let fits = (1..=Self::MAX_CHARS).contains(&length) && text.chars().all($allowed);
                fits.then_some(Self(text)).ok_or(InvalidText($rule))
            }
        }

        impl FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text! {
    /// Who owns an account.
    CustomerId, at most 64, of is_identifier,
    else "a customer id has 1 to 64 characters out of A-Z, a-z, 0-9, `.`, `_` and `-`"
}

text! {
    /// What an account is called.
    Title, at most 100, of is_printable,
    else "a title has 1 to 100 characters, none of them a control character"
}

text! {
    /// What somebody wrote beside a change: what it is for, or why it was made.
    Memo, at most 200, of is_printable,
    else "a memo has 1 to 200 characters, none of them a control character"
}

text! {
    /// On whose behalf a command is carried out: a customer, by the customer's id, or `operator:NAME`.
    ///
    /// A customer id has no colon, so that no customer can pass for an operator.
    Actor, at most 100, of is_printable,
    else "an actor has 1 to 100 characters, none of them a control character"
}

/// A customer who signed in is known by a UUID, whose text has only hexadecimal digits and `-`.
impl From<Uuid> for CustomerId {
    fn from(id: Uuid) -> Self {
        Self(id.to_string())
    }
}

impl Actor {
    /// The operator of the bank who has this name.
    ///
    /// # Errors
    /// When the name is empty, has a control character or is longer than 91 characters.
    pub fn operator(name: &str) -> Result<Self, InvalidText> {
        if name.is_empty() {
            return Err(InvalidText("an operator has a name"));
        }
        Self::try_from(format!("{OPERATOR}{name}"))
    }

    /// The name of the operator; `None` for a customer.
    #[must_use]
    pub fn operator_name(&self) -> Option<&str> {
        self.0.strip_prefix(OPERATOR)
    }

    /// Whether this actor is an operator of the bank.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.operator_name().is_some()
    }

    /// Whether this actor may move money out of an account of `owner`.
    #[must_use]
    pub fn may_act_for(&self, owner: &CustomerId) -> bool {
        self.is_operator() || self.as_str() == owner.as_str()
    }
}

impl From<CustomerId> for Actor {
    fn from(customer: CustomerId) -> Self {
        Self(customer.0)
    }
}

fn is_identifier(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-')
}

fn is_printable(character: char) -> bool {
    !character.is_control()
}

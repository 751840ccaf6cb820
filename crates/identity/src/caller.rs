//! Who calls, once a token said so.

use std::fmt;

use chrono::{DateTime, Utc};
use domain::text::{Actor, CustomerId, InvalidText};
use uuid::Uuid;

/// Whoever sent a request, as the checked token has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller {
    /// The customer or operator.
    pub subject: Subject,
    /// The session that the token belongs to (`sid`); an external issuer may have none, or none that is a UUID.
    pub session: Option<Uuid>,
    /// The token's own id (`jti`).
    pub token_id: String,
    /// When the token stops being valid (`exp`), without the leeway.
    pub expires_at: DateTime<Utc>,
}

impl Caller {
    /// On whose behalf the caller's commands are carried out: the customer's UUID, or `operator:NAME`.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.subject.actor()
    }

    /// Whether the caller is an operator of the bank.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        matches!(self.subject, Subject::Operator(_))
    }

    /// The customer's id; `None` for an operator.
    #[must_use]
    pub fn customer(&self) -> Option<Uuid> {
        match self.subject {
            Subject::Customer(id) => Some(id),
            Subject::Operator(_) => None,
        }
    }
}

/// Leaves out the token's id: whoever logs a caller does not log a part of the token.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Whom a token is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A customer, by id.
    Customer(Uuid),
    /// An operator of the bank, by name.
    Operator(OperatorName),
}

impl Subject {
    /// On whose behalf commands are carried out: the customer's UUID, or `operator:NAME`.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self {
            Self::Customer(id) => CustomerId::from(*id).into(),
            Self::Operator(name) => name.0.clone(),
        }
    }

    /// The operator of this name.
    ///
    /// # Errors
    /// When the name is empty, has a control character or is longer than 91 characters.
    pub fn operator(name: &str) -> Result<Self, InvalidText> {
        OperatorName::new(name).map(Self::Operator)
    }
}

/// An operator's name, such that `operator:NAME` is an [`Actor`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OperatorName(Actor);

impl OperatorName {
    /// Checks a name.
    ///
    /// # Errors
    /// When the name is empty, has a control character or is longer than 91 characters.
    pub fn new(name: &str) -> Result<Self, InvalidText> {
        Actor::operator(name).map(Self)
    }

    /// The name, without `operator:`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.operator_name().unwrap_or_default()
    }
}

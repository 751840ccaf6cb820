//! The use cases of the customers service, one module each.

mod erasure;
mod payees;
mod profile;
mod registration;
mod sessions;

use std::sync::Arc;
use std::time::Duration;

use domain::customer::{Customer, CustomerCommand, CustomerRefusal, EmailAddress, KnownCustomer};
use event_store::{
    Clock, CommandContext, Commands, EventStore, ExecuteError, Executed, Repository, StoreError, Versioned,
};
use service_kit::identity::{IssueError, TokenIssuer};
use thiserror::Error;
use uuid::Uuid;

use crate::accounts::KnownAccounts;
use crate::passwords::{PasswordError, Passwords};
use crate::sealing::{CustomerKey, SealError};
use crate::vault::{Vault, VaultError};

pub(crate) use payees::SavedPayee;
pub(crate) use profile::{Profile, ProfileChange};
pub(crate) use registration::Registration;
pub(crate) use sessions::SignedInSession;

/// What the handlers and the sweeper call.
#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) commands: Commands<Customer>,
    pub(crate) repository: Repository<Customer>,
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) vault: Vault,
    pub(crate) accounts: KnownAccounts,
    pub(crate) passwords: Passwords,
    pub(crate) issuer: TokenIssuer,
    pub(crate) session_lifetime: Duration,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why something was not done.
#[derive(Debug, Error)]
pub(crate) enum CustomerError {
    #[error(transparent)]
    Command(#[from] ExecuteError<CustomerRefusal>),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Token(#[from] IssueError),
    #[error("somebody has registered with this e-mail address")]
    EmailTaken,
    #[error("the e-mail address and the password do not belong together")]
    WrongCredentials,
    #[error("the current password is another one")]
    WrongPassword,
    #[error("too many wrong passwords")]
    Locked(u64),
    #[error("the refresh token is used up, or its session has ended")]
    RefreshRefused,
    #[error("there is no such customer")]
    NotFound,
    #[error("there is no such account, or it is closed")]
    AccountNotFound,
    #[error("the account is the customer's own")]
    OwnAccount,
    #[error("what is stored about a customer cannot be read")]
    Unreadable,
}

/// A customer after a command, or why not.
pub(crate) type Outcome = Result<Executed<Customer>, CustomerError>;

impl Application {
    /// Carries out `command`, which a request with this body asked for. The store keeps the hash under the customer's
    /// own key.
    async fn execute(&self, id: Uuid, command: CustomerCommand, context: CommandContext) -> Outcome {
        Ok(self.commands.execute(id, command, context).await?)
    }

    /// The customer as they are now, unless they never were one or want to be forgotten.
    async fn active(&self, id: Uuid) -> Result<(Versioned<Customer>, CustomerKey), CustomerError> {
        let found = self.repository.find_optional(id).await?;
        let customer = found.filter(|customer| customer.state.active().is_some());
        let customer = customer.ok_or(CustomerError::NotFound)?;
        let key = self.vault.key(id).await?.ok_or(CustomerError::NotFound)?;
        Ok((customer, key))
    }

    /// Whether the events say that the address is this customer's.
    async fn holds(&self, id: Uuid, email: &EmailAddress) -> Result<bool, CustomerError> {
        let (customer, key) = match self.active(id).await {
            Err(CustomerError::NotFound) => return Ok(false),
            found => found?,
        };
        let Some(known) = customer.state.active() else {
            return Ok(false);
        };
        Ok(Profile::open(id, known, &key)?.email.folded() == email.folded())
    }
}

/// Whether it is certain that nothing was recorded.
fn left_nothing(outcome: &Outcome) -> bool {
    use ExecuteError::{Overloaded, Precondition, Refused, RequestMismatch};
    matches!(
        outcome,
        Err(CustomerError::Command(Refused { .. } | Precondition(_) | RequestMismatch(_) | Overloaded))
    )
}

/// The customer in a state that was found to be active.
fn known(customer: &Versioned<Customer>) -> Result<&KnownCustomer, CustomerError> {
    customer.state.active().ok_or(CustomerError::NotFound)
}

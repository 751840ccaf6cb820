//! The use cases of the customers service, one module each.

mod claims;
mod credentials;
mod erasure;
mod payees;
mod profile;
mod registration;
mod sessions;
mod sweeping;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use domain::customer::{Customer, CustomerCommand, CustomerRefusal, EmailAddress, KnownCustomer};
use event_store::{
    Clock, CommandContext, Commands, EventStore, ExecuteError, Executed, Repository, StoreError, Versioned,
};
use service_kit::command::CommandRequest;
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
    Vault(VaultError),
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

impl From<VaultError> for CustomerError {
    fn from(error: VaultError) -> Self {
        match error {
            // Erased while something else was done for them.
            VaultError::NoCustomer => Self::NotFound,
            other => Self::Vault(other),
        }
    }
}

/// A customer after a command, or why not.
pub(crate) type Outcome = Result<Executed<Customer>, CustomerError>;

impl Application {
    /// Carries out `command`, which a request with this body asked for. The store keeps the hash under the customer's
    /// own key.
    async fn execute(&self, id: Uuid, command: CustomerCommand, context: CommandContext) -> Outcome {
        Ok(self.commands.execute(id, command, context).await?)
    }

    /// What a customer's request came to, if it came before under the same key: then nothing else is looked at.
    async fn answered(&self, context: &CommandContext) -> Result<Option<Executed<Customer>>, CustomerError> {
        if context.request_hash.is_none() {
            return Ok(None);
        }
        Ok(self.commands.recorded(context.command_id, context.request_hash).await?)
    }

    /// The context of a request of the customer's, with what it asks for hashed under their own key.
    async fn context(
        &self,
        id: Uuid,
        request: &CommandRequest,
        body_hash: [u8; 32],
    ) -> Result<CommandContext, CustomerError> {
        let key = self.vault.key(id).await?.ok_or(CustomerError::NotFound)?;
        Ok(request.context(key.request_hash(&body_hash)?))
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
        match self.repository.find_optional(id).await? {
            Some(customer) => self.names(id, &customer.state, email).await,
            None => Ok(false),
        }
    }

    /// Whether the customer is one in this state, and reached under this address.
    async fn names(
        &self,
        id: Uuid,
        customer: &Customer,
        email: &EmailAddress,
    ) -> Result<bool, CustomerError> {
        let Some(known) = customer.active() else {
            return Ok(false);
        };
        match self.vault.key(id).await? {
            Some(key) => Ok(Profile::open(id, known, &key)?.email.folded() == email.folded()),
            // Erased since.
            None => Ok(false),
        }
    }
}

/// The state of a customer who was found to be active.
fn active_state(customer: &Versioned<Customer>) -> Result<&KnownCustomer, CustomerError> {
    customer.state.active().ok_or(CustomerError::NotFound)
}

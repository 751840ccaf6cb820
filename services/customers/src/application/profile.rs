//! What a customer says about themselves.

use domain::customer::{Customer, CustomerCommand, EmailAddress, KnownCustomer, PersonName, Sealed};
use domain::text::Actor;
use event_store::{CommandContext, ExecuteError, Executed, ExpectedVersion, Versioned};
use serde::{Deserialize, Serialize};
use service_kit::command::CommandRequest;
use uuid::Uuid;

use super::{Application, CustomerError, Outcome, known, left_nothing};
use crate::passwords::Password;
use crate::sealing::{CustomerKey, Purpose, SealError};
use crate::vault::Attempt;

/// How often a change of the profile is tried again when another one came between.
const TRIES: usize = 5;

/// Name and e-mail address, as they are sealed in events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) email: EmailAddress,
    pub(crate) name: PersonName,
}

/// What is to be different; what is left out stays.
#[derive(Debug, Clone)]
pub(crate) struct ProfileChange {
    pub(crate) email: Option<EmailAddress>,
    pub(crate) name: Option<PersonName>,
}

impl Profile {
    pub(crate) fn seal(&self, customer: Uuid, key: &CustomerKey) -> Result<Sealed, CustomerError> {
        let text = serde_json::to_string(self).map_err(|_| SealError::NotSealed)?;
        Ok(key.seal(customer, Purpose::Profile, &text)?)
    }

    pub(crate) fn open(
        customer: Uuid,
        known: &KnownCustomer,
        key: &CustomerKey,
    ) -> Result<Self, CustomerError> {
        let text = key.open(customer, Purpose::Profile, &known.profile)?;
        serde_json::from_str(&text).map_err(|_| CustomerError::Unreadable)
    }

    fn with(self, change: &ProfileChange) -> Self {
        Self {
            email: change.email.clone().unwrap_or(self.email),
            name: change.name.clone().unwrap_or(self.name),
        }
    }
}

impl Application {
    /// The customer's profile.
    pub(crate) async fn profile(&self, id: Uuid) -> Result<(Versioned<Customer>, Profile), CustomerError> {
        let (customer, key) = self.active(id).await?;
        let profile = Profile::open(id, known(&customer)?, &key)?;
        Ok((customer, profile))
    }

    /// Changes what `change` names. It is written for the version that it was made from, so that two changes at once
    /// lose neither.
    pub(crate) async fn change_profile(
        &self,
        id: Uuid,
        change: ProfileChange,
        request: &CommandRequest,
        body_hash: [u8; 32],
    ) -> Outcome {
        let mut tries = TRIES;
        loop {
            let (customer, key) = self.active(id).await?;
            let context = request.context(key.request_hash(body_hash));
            // Whoever names a version learns when it is not the one.
            let named = context.expected != ExpectedVersion::Any;
            let expected = if named { context.expected } else { ExpectedVersion::Exact(customer.version) };
            let context = CommandContext { expected, ..context };
            let changed = self.change_once(&customer, &key, &change, request.actor(), context).await;
            match changed {
                Err(CustomerError::Command(ExecuteError::Precondition(_))) if !named && tries > 1 => {
                    tries -= 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// A new address is reserved before the event and the old one given up after it, so that at every moment the
    /// address that the events name is the customer's.
    async fn change_once(
        &self,
        customer: &Versioned<Customer>,
        key: &CustomerKey,
        change: &ProfileChange,
        actor: Actor,
        context: CommandContext,
    ) -> Outcome {
        let id = customer.id;
        let before = Profile::open(id, known(customer)?, key)?;
        let after = before.clone().with(change);
        let (old, new) = (self.vault.lookup(&before.email), self.vault.lookup(&after.email));
        let mut reserved = false;
        if old != new {
            let held = self.vault.reserve(&new, id, context.command_id, self.clock.now()).await?;
            reserved = held.is_none();
            if let Some(held) = held.filter(|held| held.customer != id) {
                self.take_over(&new, &after.email, &held).await?;
                let held = self.vault.reserve(&new, id, context.command_id, self.clock.now()).await?;
                reserved = held.is_none();
                if held.is_some_and(|held| held.customer != id) {
                    return Err(CustomerError::EmailTaken);
                }
            }
        }
        let profile = after.seal(id, key)?;
        let command = CustomerCommand::ChangeProfile { actor, profile, now: self.clock.now() };
        let outcome = self.execute(id, command, context).await;
        match &outcome {
            Ok(Executed { replayed: false, .. }) if old != new => self.vault.release(&old, id).await?,
            // What was reserved for this change was not needed.
            Ok(_) if reserved => self.vault.release(&new, id).await?,
            outcome if reserved && left_nothing(outcome) => self.vault.release(&new, id).await?,
            _ => {}
        }
        outcome
    }

    /// Another password; every session but the caller's ends.
    pub(crate) async fn change_password(
        &self,
        id: Uuid,
        session: Option<Uuid>,
        current: Password,
        new: Password,
    ) -> Result<(), CustomerError> {
        self.active(id).await?;
        let hash = match self.vault.count_attempt(id, self.clock.now()).await? {
            Attempt::Allowed(hash) => hash,
            Attempt::Locked(seconds) => return Err(CustomerError::Locked(seconds)),
            Attempt::Unknown => return Err(CustomerError::NotFound),
        };
        if !self.passwords.verify(current, Some(hash)).await? {
            return Err(CustomerError::WrongPassword);
        }
        self.vault.forget_attempts(id).await?;
        let hash = self.passwords.hash(new).await?;
        Ok(self.vault.change_password(id, &hash, session, self.clock.now()).await?)
    }
}

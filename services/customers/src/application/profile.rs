//! What a customer says about themselves.

use domain::customer::{Customer, CustomerCommand, EmailAddress, KnownCustomer, PersonName, Sealed};
use domain::text::Actor;
use event_store::{CommandContext, ExecuteError, ExpectedVersion, StoreError, Version, Versioned, fault};
use serde::{Deserialize, Serialize};
use service_kit::command::CommandRequest;
use uuid::Uuid;

use super::{Application, CustomerError, Outcome, active_state};
use crate::passwords::Password;
use crate::sealing::{CustomerKey, Purpose, SealError};
use crate::vault::{EmailLookup, Hold, TriedFor};

/// Where tests end the process.
const AFTER_ADDRESS_CHANGE: &str = "customers.after_address_change";

/// How often a change of the profile is tried when another one comes between.
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

/// A change with everything done that comes before the event.
pub(super) struct BegunChange {
    id: Uuid,
    /// What it was made from.
    pub(super) version: Version,
    profile: Sealed,
    /// The address that it leaves, and the customer's hold on it as it was when the change began.
    pub(super) given_up: Option<(EmailLookup, Hold)>,
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
        let profile = Profile::open(id, active_state(&customer)?, &key)?;
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
        let context = self.context(id, request, body_hash).await?;
        if let Some(first) = self.answered(&context).await? {
            return Ok(first);
        }
        // Whoever names a version learns when it is not the one.
        let named = context.expected != ExpectedVersion::Any;
        let mut tries = TRIES;
        loop {
            let begun = self.begin_change(id, &change).await?;
            let expected = if named { context.expected } else { ExpectedVersion::Exact(begun.version) };
            let context = CommandContext { expected, ..context.clone() };
            match self.finish_change(begun, request.actor(), context).await {
                Err(CustomerError::Command(ExecuteError::Precondition(conflict))) if !named => {
                    tries -= 1;
                    if tries == 0 {
                        return Err(StoreError::Conflict(conflict).into());
                    }
                }
                outcome => return outcome,
            }
        }
    }

    /// Reads the state that the change will be written on, and then claims a new address: whoever takes the claim away
    /// moves that state first ([`super::claims`]).
    pub(super) async fn begin_change(
        &self,
        id: Uuid,
        change: &ProfileChange,
    ) -> Result<BegunChange, CustomerError> {
        let (customer, key) = self.active(id).await?;
        let before = Profile::open(id, active_state(&customer)?, &key)?;
        let after = before.clone().with(change);
        let (old, new) = (self.vault.lookup(&before.email), self.vault.lookup(&after.email));
        let mut given_up = None;
        if old != new {
            let held = self.vault.holder(&old).await?.filter(|held| held.customer == id);
            given_up = held.map(|held| (old, held));
            self.claim(&new, &after.email, id).await?;
        }
        Ok(BegunChange { id, version: customer.version, profile: after.seal(id, &key)?, given_up })
    }

    /// The event, and then the old address is given up, so that at every moment the address that the events name is the
    /// customer's. A new one that was claimed in vain lapses by itself.
    pub(super) async fn finish_change(
        &self,
        begun: BegunChange,
        actor: Actor,
        context: CommandContext,
    ) -> Outcome {
        let BegunChange { id, profile, given_up, .. } = begun;
        let command = CustomerCommand::ChangeProfile { actor, profile, now: self.clock.now() };
        let changed = self.execute(id, command, context).await?;
        // A repeated command gave it up the first time; the customer may have come back to it.
        if let Some((old, held)) = given_up.filter(|_| !changed.replayed) {
            fault::point(AFTER_ADDRESS_CHANGE);
            // When it fails the hold is one that nobody uses, and lapses like those.
            if let Err(error) = self.vault.release(&old, &held).await {
                tracing::warn!(customer = %id, %error, "could not give up an old e-mail address");
            }
        }
        Ok(changed)
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
        let tried = TriedFor::Change(id);
        let verified = self.try_password(tried, Some(id), current).await?;
        let verified = verified.ok_or(CustomerError::WrongPassword)?;
        self.vault.forget_attempts(tried).await?;
        let hash = self.passwords.turn()?.hash(new).await?;
        if self.vault.change_password(id, &verified, &hash, session, self.clock.now()).await? {
            Ok(())
        } else {
            // Changed by somebody else meanwhile.
            Err(CustomerError::WrongPassword)
        }
    }
}

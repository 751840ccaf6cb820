//! Becoming a customer.
//!
//! An e-mail address is one customer's. Streams cannot see to that, so the vault reserves the address first; the event
//! makes the reservation good. A reservation whose maker crashed before the event is taken over after a minute
//! ([`super::claims`]).

use domain::customer::{Customer, CustomerCommand, CustomerRefusal, EmailAddress, PersonName};
use domain::text::{Actor, CustomerId};
use event_store::{ExecuteError, Executed, Version, fault};
use service_kit::command::ScopedRequest;
use uuid::Uuid;

use super::{Application, CustomerError, Outcome, Profile};
use crate::passwords::Password;
use crate::sealing::{CustomerKey, SealError};
use crate::vault::{EmailLookup, Hold, NewCustomer, Reservation, TriedFor};

/// Where tests end the process.
const AFTER_RESERVATION: &str = "customers.after_reservation";

/// What somebody says about themselves.
#[derive(Clone)]
pub(crate) struct Registration {
    pub(crate) email: EmailAddress,
    pub(crate) name: PersonName,
    pub(crate) password: Password,
}

/// Somebody for whom the address is reserved.
pub(super) struct Claimant {
    pub(super) id: Uuid,
    key: CustomerKey,
}

impl Registration {
    /// Everything but the password, which is checked as passwords are.
    fn hash(&self, key: &CustomerKey) -> Result<[u8; 32], SealError> {
        // A line break is in neither.
        key.request_hash(format!("register\n{}\n{}", self.email.as_str(), self.name.as_str()).as_bytes())
    }
}

impl Application {
    /// Makes somebody a customer. The same request under the same key again gives the first one's answer.
    pub(crate) async fn register(&self, registration: Registration, request: &ScopedRequest) -> Outcome {
        if let Some(first) = self.registered_before(&registration, request).await? {
            return Ok(first);
        }
        let claimant = self.reserve(&registration, request).await?;
        fault::point(AFTER_RESERVATION);
        self.make_good(claimant, registration, request).await
    }

    /// What the same command came to, if it is recorded. It may have been under another address since.
    async fn registered_before(
        &self,
        registration: &Registration,
        request: &ScopedRequest,
    ) -> Result<Option<Executed<Customer>>, CustomerError> {
        if !request.has_key() {
            return Ok(None);
        }
        let Some(record) = self.store.find_command(request.command_id()).await? else {
            return Ok(None);
        };
        let id = record.stream.aggregate_id;
        let Some(key) = self.vault.key(id).await? else {
            // Nothing is left to recognize them by.
            let found = self.repository.find_optional(id).await?;
            let abandoned = found.is_some_and(|customer| customer.state.is_abandoned());
            return Err(if abandoned { abandoned_again(record.version) } else { reused(request) });
        };
        let hash = registration.hash(&key)?;
        self.recognize(id, registration, request).await?;
        Ok(self.commands.recorded(request.command_id(), Some(event_store::RequestHash(hash))).await?)
    }

    /// The address is reserved from here on: for a new customer, or for the one whom the same command reserved it for.
    pub(super) async fn reserve(
        &self,
        registration: &Registration,
        request: &ScopedRequest,
    ) -> Result<Claimant, CustomerError> {
        let key = CustomerKey::random()?;
        let new = NewCustomer {
            id: Uuid::now_v7(),
            password_hash: self.passwords.turn()?.hash(registration.password.clone()).await?,
            command_id: request.command_id(),
            request_hash: registration.hash(&key)?,
            key,
        };
        let lookup = self.vault.lookup(&registration.email);
        loop {
            match self.vault.reserve_new(&lookup, &new, self.clock.now()).await? {
                Reservation::Made => return Ok(Claimant { id: new.id, key: new.key }),
                Reservation::Held(held) if held.claim == new.command_id => {
                    return self.claimant_of(&held, registration, request).await;
                }
                Reservation::Held(held) => self.take_over(&lookup, &registration.email, &held).await?,
            }
        }
    }

    /// Whoever the same command reserved the address for before.
    async fn claimant_of(
        &self,
        held: &Hold,
        registration: &Registration,
        request: &ScopedRequest,
    ) -> Result<Claimant, CustomerError> {
        // It was given up a moment ago.
        let key = self.vault.key(held.customer).await?.ok_or_else(|| abandoned_again(Version(1)))?;
        if held.request_hash != registration.hash(&key)? {
            return Err(reused(request));
        }
        self.recognize(held.customer, registration, request).await?;
        Ok(Claimant { id: held.customer, key })
    }

    /// Whether the password is the one that the first request came with. It is tried like any other: a key that somebody
    /// repeats must not be a way to guess.
    async fn recognize(
        &self,
        customer: Uuid,
        registration: &Registration,
        request: &ScopedRequest,
    ) -> Result<(), CustomerError> {
        let lookup: EmailLookup = self.vault.lookup(&registration.email);
        let tried = TriedFor::Address(&lookup);
        match self.try_password(tried, Some(customer), registration.password.clone()).await? {
            // Whoever gave the address up must not start its next holder's count anew.
            Some(_) if self.holds(customer, &registration.email).await? => {
                Ok(self.vault.forget_attempts(tried).await?)
            }
            Some(_) => Ok(()),
            None => Err(reused(request)),
        }
    }

    /// The event, which makes the reservation good.
    pub(super) async fn make_good(
        &self,
        claimant: Claimant,
        registration: Registration,
        request: &ScopedRequest,
    ) -> Outcome {
        let Claimant { id, key } = claimant;
        let hash = registration.hash(&key)?;
        let Registration { email, name, .. } = registration;
        let customer_id = CustomerId::from(id);
        let actor = Actor::from(customer_id.clone());
        let profile = Profile { email, name }.seal(id, &key)?;
        let command = CustomerCommand::Register { customer_id, profile, now: self.clock.now() };
        let outcome = self.execute(id, command, request.context(&actor, hash)).await;
        let tidied = match &outcome {
            Ok(_) => self.vault.settle(id).await.map_err(CustomerError::from),
            Err(error) if is_over(error, request) => self.give_up_claim(id).await.map(drop),
            Err(_) => Ok(()),
        };
        // The answer stands whatever becomes of this; the sweeper looks after it.
        if let Err(error) = tidied {
            tracing::warn!(customer = %id, %error, "could not tidy up after a registration");
        }
        outcome
    }
}

/// Whether nothing was recorded, and the client has no way to go on with this registration.
fn is_over(error: &CustomerError, request: &ScopedRequest) -> bool {
    use ExecuteError::{Overloaded, Precondition, Refused, RequestMismatch};
    match error {
        CustomerError::Command(Refused { .. } | Precondition(_) | RequestMismatch(_)) => true,
        // Under a key the same again goes on with what is reserved.
        CustomerError::Command(Overloaded) => !request.has_key(),
        _ => false,
    }
}

fn reused(request: &ScopedRequest) -> CustomerError {
    ExecuteError::RequestMismatch(request.command_id()).into()
}

fn abandoned_again(version: Version) -> CustomerError {
    let refusal = CustomerRefusal::RegistrationAbandoned;
    ExecuteError::Refused { refusal, version, replayed: true }.into()
}

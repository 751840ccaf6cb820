//! Becoming a customer.
//!
//! An e-mail address is one customer's. Streams cannot see to that, so the vault reserves the address first; the event
//! makes the reservation good. A reservation whose maker crashed before the event is taken over after a minute.

use chrono::TimeDelta;
use domain::customer::{CustomerCommand, EmailAddress, PersonName};
use domain::text::{Actor, CustomerId};
use event_store::{ExecuteError, fault};
use service_kit::command::AnonymousRequest;
use uuid::Uuid;

use super::{Application, CustomerError, Outcome, Profile, left_nothing};
use crate::passwords::Password;
use crate::sealing::CustomerKey;
use crate::vault::{EmailLookup, NewCustomer, Reservation};

/// Where tests end the process.
const AFTER_RESERVATION: &str = "customers.after_reservation";

/// Longer than a registration takes.
const RESERVED_FOR: TimeDelta = TimeDelta::minutes(1);

/// What somebody says about themselves.
pub(crate) struct Registration {
    pub(crate) email: EmailAddress,
    pub(crate) name: PersonName,
    pub(crate) password: Password,
}

impl Application {
    /// Makes somebody a customer. The same request under the same key again gives the first one's answer.
    pub(crate) async fn register(
        &self,
        registration: Registration,
        request: &AnonymousRequest,
        body_hash: [u8; 32],
    ) -> Outcome {
        let Registration { email, name, password } = registration;
        let key = CustomerKey::random()?;
        let new = NewCustomer {
            id: Uuid::now_v7(),
            password_hash: self.passwords.hash(password).await?,
            command_id: request.command_id(),
            request_hash: key.request_hash(body_hash),
            key,
        };
        let lookup = self.vault.lookup(&email);
        let (id, key) = match self.reserve(&lookup, &email, &new).await? {
            None => (new.id, new.key.clone()),
            Some(earlier) if earlier.request_hash == earlier.key.request_hash(body_hash) => {
                (earlier.customer, earlier.key)
            }
            Some(_) => return Err(reused(request)),
        };
        fault::point(AFTER_RESERVATION);
        let customer_id = CustomerId::from(id);
        let actor = Actor::from(customer_id.clone());
        let profile = Profile { email, name }.seal(id, &key)?;
        let command = CustomerCommand::Register { customer_id, profile, now: self.clock.now() };
        let context = request.context(&actor, key.request_hash(body_hash));
        let outcome = self.execute(id, command, context).await;
        if id == new.id && left_nothing(&outcome) {
            self.vault.erase(id).await?;
        }
        outcome
    }

    /// `None` when the address is `new`'s from now on, or the reservation that the same command made before.
    async fn reserve(
        &self,
        lookup: &EmailLookup,
        email: &EmailAddress,
        new: &NewCustomer,
    ) -> Result<Option<Reservation>, CustomerError> {
        let Some(held) = self.vault.reserve_new(lookup, new, self.clock.now()).await? else {
            return Ok(None);
        };
        if held.command_id == new.command_id && !held.request_hash.is_empty() {
            return Ok(Some(held));
        }
        self.take_over(lookup, email, &held).await?;
        match self.vault.reserve_new(lookup, new, self.clock.now()).await? {
            None => Ok(None),
            Some(_) => Err(CustomerError::EmailTaken),
        }
    }

    /// Frees an address whose reservation came to nothing.
    ///
    /// # Errors
    /// [`CustomerError::EmailTaken`] when it is somebody's, or may become somebody's at any moment.
    pub(super) async fn take_over(
        &self,
        lookup: &EmailLookup,
        email: &EmailAddress,
        held: &Reservation,
    ) -> Result<(), CustomerError> {
        let now = self.clock.now();
        if !held.is_older_than(now - RESERVED_FOR) || self.holds(held.customer, email).await? {
            return Err(CustomerError::EmailTaken);
        }
        match self.repository.find_optional(held.customer).await? {
            // They never registered: there is nothing to keep about them.
            None => self.vault.erase(held.customer).await?,
            Some(_) => self.vault.release(lookup, held.customer).await?,
        }
        tracing::info!(customer = %held.customer, "freed an e-mail address that was reserved and not registered");
        Ok(())
    }
}

fn reused(request: &AnonymousRequest) -> CustomerError {
    ExecuteError::RequestMismatch(request.command_id()).into()
}

//! Taking over an e-mail address that somebody reserved and does not use.
//!
//! Whether its holder is still about to use it, only the holder's own stream can decide: two looks at two databases leave
//! room between them. So the claim is given up there first ([`CustomerCommand::GiveUpClaim`]), which a registration or a
//! change of address that commits later runs into; and only then the vault lets go of it.

use chrono::TimeDelta;
use domain::customer::{Customer, CustomerCommand, EmailAddress};
use event_store::CommandContext;
use uuid::Uuid;

use super::{Application, CustomerError};
use crate::vault::{EmailLookup, Hold, Reservation};

/// Longer than a registration takes, or a change of address.
const RESERVED_FOR: TimeDelta = TimeDelta::minutes(1);

impl Application {
    /// Reserves a further address for a customer, by a claim of its own.
    ///
    /// # Errors
    /// [`CustomerError::EmailTaken`] when it is somebody else's, or may become somebody else's at any moment.
    pub(super) async fn claim(
        &self,
        lookup: &EmailLookup,
        email: &EmailAddress,
        customer: Uuid,
    ) -> Result<(), CustomerError> {
        let claim = Uuid::now_v7();
        while let Reservation::Held(held) =
            self.vault.claim(lookup, customer, claim, self.clock.now()).await?
        {
            self.take_over(lookup, email, &held).await?;
        }
        Ok(())
    }

    /// Frees an address whose reservation came to nothing.
    ///
    /// # Errors
    /// [`CustomerError::EmailTaken`] when it is somebody's, or may become somebody's at any moment.
    pub(super) async fn take_over(
        &self,
        lookup: &EmailLookup,
        email: &EmailAddress,
        held: &Hold,
    ) -> Result<(), CustomerError> {
        let is_old = held.is_older_than(self.clock.now() - RESERVED_FOR);
        // Looked at first, so that nobody who tries an address moves the stream of whoever has it.
        if !is_old || self.holds(held.customer, email).await? {
            return Err(CustomerError::EmailTaken);
        }
        self.take_from(lookup, email, held).await
    }

    /// The same from a holder who looked as if they did not use the address.
    pub(super) async fn take_from(
        &self,
        lookup: &EmailLookup,
        email: &EmailAddress,
        held: &Hold,
    ) -> Result<(), CustomerError> {
        let holder = self.give_up_claim(held.customer).await?;
        if holder.is_abandoned() {
            tracing::info!(customer = %held.customer, "gave up a registration that came to nothing");
            return Ok(());
        }
        // Whoever holds it by another claim than the one that was seen has reserved it anew.
        if self.names(held.customer, &holder, email).await? || !self.vault.release(lookup, held).await? {
            return Err(CustomerError::EmailTaken);
        }
        tracing::info!(customer = %held.customer, "freed an e-mail address that its holder does not use");
        Ok(())
    }

    /// Sees to it that whatever is under way with a claim of this customer's fails, and gives their state. Of somebody
    /// who never registered nothing is kept.
    pub(super) async fn give_up_claim(&self, customer: Uuid) -> Result<Customer, CustomerError> {
        let command = CustomerCommand::GiveUpClaim { now: self.clock.now() };
        // What it cleans up behind came before it, so that it waits for room instead of being refused.
        let context = CommandContext { waits_for_room: true, ..CommandContext::new(Uuid::now_v7()) };
        let state = self.execute(customer, command, context).await?.state;
        if state.is_abandoned() {
            self.vault.delete(customer).await?;
        }
        Ok(state)
    }
}

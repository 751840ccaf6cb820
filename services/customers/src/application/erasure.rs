//! Forgetting somebody: the event first, which makes them no customer; then the key; then the record that it is gone.
//!
//! A crash between these leaves the aggregate's deadline in the past, and the sweeper goes on from there.

use domain::Aggregate;
use domain::customer::{Customer, CustomerCommand};
use domain::text::Actor;
use event_store::{CommandContext, fault};
use service_kit::command::follow_up;
use uuid::Uuid;

use super::{Application, CustomerError, Outcome};

/// Where tests end the process.
const AFTER_ERASURE_REQUEST: &str = "customers.after_erasure_request";
const AFTER_KEY_DESTROYED: &str = "customers.after_key_destroyed";

/// How many half-done erasures one look takes in hand.
const AT_ONCE: u32 = 100;

impl Application {
    /// Forgets the customer, on behalf of `actor`.
    pub(crate) async fn erase(&self, id: Uuid, actor: Actor, context: CommandContext) -> Outcome {
        let command = CustomerCommand::RequestErasure { actor, now: self.clock.now() };
        let requested = self.execute(id, command, context.clone()).await?;
        fault::point(AFTER_ERASURE_REQUEST);
        self.finish_erasure(id, follow_up(&context, Uuid::now_v7())).await?;
        Ok(requested)
    }

    /// Destroys the key of somebody who asked to be forgotten. Doing it twice is doing it once.
    pub(super) async fn finish_erasure(
        &self,
        id: Uuid,
        context: CommandContext,
    ) -> Result<(), CustomerError> {
        self.vault.erase(id).await?;
        fault::point(AFTER_KEY_DESTROYED);
        let command = CustomerCommand::RecordErasure { now: self.clock.now() };
        self.execute(id, command, context).await?;
        Ok(())
    }

    /// Finishes what a crash left half done.
    pub(crate) async fn finish_erasures(&self) -> Result<(), CustomerError> {
        for (id, _) in self.store.due(Customer::TYPE, self.clock.now(), AT_ONCE).await? {
            let context = CommandContext { waits_for_room: true, ..CommandContext::new(Uuid::now_v7()) };
            match self.finish_erasure(id, context).await {
                Ok(()) => tracing::info!(customer = %id, "finished an erasure"),
                Err(error) => tracing::warn!(customer = %id, %error, "could not finish an erasure"),
            }
        }
        Ok(())
    }
}

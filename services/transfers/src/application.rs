//! The use cases of the transfers service, one function each.

mod bulk;
mod orders;
mod wait;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::bulk_transfer::BulkTransfer;
use domain::ids::TransferId;
use domain::text::{Actor, Memo};
use domain::transfer::{
    MoneyTransfer, RefusalReason, TransferCommand, TransferDetails, TransferEvent, TransferRefusal, saga,
};
use event_store::{
    Clock, CommandContext, Commands, EventStore, ExecuteError, Executed, Repository, StoreError, Versioned,
};
use service_kit::command::follow_up;
use service_kit::http::CursorKey;
use uuid::Uuid;

pub(crate) use orders::{Orders, Progress, new_order_id};

use crate::trials::Trials;

/// What the handlers, the subscription and the sweepers call.
#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) commands: Commands<MoneyTransfer>,
    pub(crate) repository: Repository<MoneyTransfer>,
    pub(crate) bulk_commands: Commands<BulkTransfer>,
    pub(crate) bulks: Repository<BulkTransfer>,
    pub(crate) orders: Orders,
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) deadline: Duration,
    pub(crate) trials: Arc<dyn Trials>,
    pub(crate) cursors: CursorKey,
}

/// A transfer after a command, or why not.
pub(crate) type Outcome = Result<Executed<MoneyTransfer>, ExecuteError<TransferRefusal>>;

impl Application {
    /// When a transfer that starts now must have ended.
    pub(crate) fn deadline_from(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + self.deadline
    }

    /// Accepts a transfer; the accounts take it from there.
    pub(crate) async fn create(&self, details: TransferDetails, context: CommandContext) -> Outcome {
        let id = details.transfer_id.0;
        let command = TransferCommand::Create { details, now: self.clock.now() };
        self.commands.execute(id, command, context).await
    }

    /// Why this transfer would fail if it were made now; `None` when it would complete. Nothing is made.
    pub(crate) async fn refusal(
        &self,
        details: &TransferDetails,
    ) -> Result<Option<RefusalReason>, StoreError> {
        self.trials.refusal(details).await
    }

    /// Asks for a transfer to be cancelled: the debit's answer decides.
    pub(crate) async fn cancel(
        &self,
        id: Uuid,
        actor: Actor,
        reason: Option<Memo>,
        context: CommandContext,
    ) -> Outcome {
        let command = TransferCommand::Cancel { actor, reason, now: self.clock.now() };
        self.commands.execute(id, command, context).await
    }

    /// Sends the money of a completed transfer back, as a new transfer that it returns.
    ///
    /// The original records the reversal first, so that there is only ever one at a time; the new transfer
    /// follows from that record, here at once and in the subscription after a crash between the two.
    pub(crate) async fn reverse(
        &self,
        id: Uuid,
        actor: Actor,
        reason: Option<Memo>,
        context: CommandContext,
    ) -> Result<(Executed<MoneyTransfer>, bool), ExecuteError<TransferRefusal>> {
        let now = self.clock.now();
        let command =
            TransferCommand::StartReversal { actor, reason, deadline: self.deadline_from(now), now };
        let started = self.commands.execute(id, command, context.clone()).await?;
        let event = started.events.first().and_then(|event| event.decode::<TransferEvent>().ok());
        let Some((reversal, command_id, command)) = event.as_ref().and_then(saga::reversal_commands_after)
        else {
            let wrong = format!("the command that reverses {id} appended no `ReversalStarted`");
            return Err(ExecuteError::Store(StoreError::Corrupt(wrong)));
        };
        let reversal = self.commands.execute(reversal.0, command, follow_up(&context, command_id)).await?;
        Ok((reversal, started.replayed))
    }

    /// The transfer as it is now.
    pub(crate) async fn find(&self, id: Uuid) -> Result<Versioned<MoneyTransfer>, StoreError> {
        self.repository.find(id).await
    }

    /// A fresh id for a transfer.
    pub(crate) fn new_id() -> TransferId {
        TransferId(Uuid::now_v7())
    }
}

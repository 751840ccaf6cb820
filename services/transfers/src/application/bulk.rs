//! The use cases of bulk transfers.

use domain::bulk_transfer::{
    BulkDetails, BulkTransfer, BulkTransferCommand, BulkTransferRefusal, CreatedBulk, saga,
};
use domain::ids::{BulkId, TransferId};
use domain::transfer::{RefusalReason, TransferCommand};
use event_store::{CommandContext, ExecuteError, Executed, StoreError, Versioned};
use futures::future::join_all;
use messaging::Outcome;
use service_kit::command::outcome_of;
use uuid::Uuid;

use super::Application;

/// A bulk transfer after a command, or why not.
type BulkOutcome = Result<Executed<BulkTransfer>, ExecuteError<BulkTransferRefusal>>;

impl Application {
    /// Accepts a bulk transfer; its source takes it from there.
    pub(crate) async fn create_bulk(&self, details: BulkDetails, context: CommandContext) -> BulkOutcome {
        let id = details.bulk_id.0;
        let command = BulkTransferCommand::Create { details, now: self.clock.now() };
        self.bulk_commands.execute(id, command, context).await
    }

    /// Why its source would refuse this bulk transfer if it were made now; `None` when it would be debited. Nothing is made.
    pub(crate) async fn bulk_refusal(
        &self,
        details: &BulkDetails,
    ) -> Result<Option<RefusalReason>, StoreError> {
        self.trials.bulk_refusal(details).await
    }

    /// The bulk transfer as it is now.
    pub(crate) async fn find_bulk(&self, id: Uuid) -> Result<Versioned<BulkTransfer>, StoreError> {
        self.bulks.find(id).await
    }

    /// Makes transfers of debited lines, and takes note when all of them are. Done twice, or by half before a crash, it
    /// comes to the same: each command has its own id, and the note is the last of them.
    pub(crate) async fn start_lines(
        &self,
        bulk_id: BulkId,
        lines: Vec<(TransferId, Uuid, TransferCommand)>,
        context: impl Fn(Uuid) -> CommandContext,
    ) -> Outcome {
        let create = |(transfer, command_id, command): (TransferId, _, _)| {
            self.commands.execute(transfer.0, command, context(command_id))
        };
        let created = join_all(lines.into_iter().map(create)).await;
        let failed = created.into_iter().map(outcome_of).find(|outcome| *outcome != Outcome::Done);
        if let Some(failed) = failed {
            return failed;
        }
        let (command_id, command) = saga::lines_started(bulk_id);
        outcome_of(self.bulk_commands.execute(bulk_id.0, command, context(command_id)).await)
    }

    /// The same for a bulk transfer whose lines wait for it, in case the message that asks for it was lost.
    pub(crate) async fn start_waiting_lines(&self, bulk: &CreatedBulk) -> Outcome {
        let lines = saga::transfer_commands_of(bulk, self.clock.now());
        self.start_lines(bulk.details.bulk_id, lines, CommandContext::new).await
    }
}

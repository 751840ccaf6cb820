//! The use cases of the accounts service, one function each.

use std::sync::Arc;

use domain::account::{Account, AccountCommand, AccountRefusal};
use event_store::{Clock, CommandContext, Commands, ExecuteError, Executed};
use uuid::Uuid;

/// What the handlers call.
#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) commands: Commands<Account>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// An account after a command, or why not.
pub(crate) type Outcome = Result<Executed<Account>, ExecuteError<AccountRefusal>>;

impl Application {
    /// Carries out `command` on the account `id`.
    pub(crate) async fn execute(
        &self,
        id: Uuid,
        command: AccountCommand,
        context: CommandContext,
    ) -> Outcome {
        self.commands.execute(id, command, context).await
    }
}

//! The use cases of orders for transfers.

use chrono::{DateTime, Utc};
use domain::Aggregate;
use domain::command_id::order_erasure_command_id;
use domain::ids::OrderId;
use domain::order::{OrderCommand, OrderDetails, OrderRefusal, PlacedOrder, TransferOrder};
use domain::text::{Actor, CustomerId, Memo};
use domain::transfer::{MoneyTransfer, RefusalReason, TransferStatus};
use event_store::{
    CommandContext, Commands, ExecuteError, Executed, RecordedEvent, Repository, StoreError, Versioned,
};
use service_kit::command::caused_by;
use uuid::Uuid;

use super::Application;

/// How many orders are read at once to find those that are to be cancelled.
const PAGE: u32 = 100;

/// How orders are reached.
#[derive(Clone)]
pub(crate) struct Orders {
    pub(crate) commands: Commands<TransferOrder>,
    pub(crate) repository: Repository<TransferOrder>,
}

/// An order after a command, or why not.
pub(crate) type OrderOutcome = Result<Executed<TransferOrder>, ExecuteError<OrderRefusal>>;

/// How far the transfer of a due date has come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    pub(crate) status: TransferStatus,
    pub(crate) reason: Option<RefusalReason>,
}

impl Application {
    /// Accepts an order, which goes on by itself from then on.
    pub(crate) async fn place_order(
        &self,
        owner: Actor,
        order: OrderDetails,
        context: CommandContext,
    ) -> OrderOutcome {
        let id = order.order_id.0;
        let command = OrderCommand::Place { owner, order, now: self.clock.now() };
        self.orders.commands.execute(id, command, context).await
    }

    /// Ends an order.
    pub(crate) async fn cancel_order(
        &self,
        id: Uuid,
        actor: Actor,
        reason: Option<Memo>,
        context: CommandContext,
    ) -> OrderOutcome {
        let command = OrderCommand::Cancel { actor, reason, now: self.clock.now() };
        self.orders.commands.execute(id, command, context).await
    }

    /// Records which due dates of an order have come. Safe against others who do the same without a command id of its own:
    /// the first record moves the next due date on, and before that one the command changes nothing.
    pub(crate) async fn come_due(&self, id: Uuid, now: DateTime<Utc>) -> OrderOutcome {
        let context = CommandContext { waits_for_room: true, ..CommandContext::new(Uuid::now_v7()) };
        self.orders.commands.execute(id, OrderCommand::ComeDue { now }, context).await
    }

    /// The order as it is now, if `actor` may know of it.
    pub(crate) async fn find_order(
        &self,
        id: Uuid,
        actor: &Actor,
    ) -> Result<Option<Versioned<TransferOrder>>, StoreError> {
        let found = self.orders.repository.find_optional(id).await?;
        Ok(found.filter(|order| order.state.placed().is_some_and(|placed| placed.is_of(actor))))
    }

    /// The orders of `owner` as they are now, the youngest first, those after `before`.
    pub(crate) async fn orders_of(
        &self,
        owner: &Actor,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Versioned<TransferOrder>>, StoreError> {
        let ids = self.store.streams_of(TransferOrder::TYPE, owner.as_str(), before, limit).await?;
        self.orders.repository.load_states(&ids).await
    }

    /// How far the transfers of the latest due dates have come, in the order of those.
    pub(crate) async fn progress_of(&self, order: &PlacedOrder) -> Result<Vec<Progress>, StoreError> {
        let ids: Vec<Uuid> = order.latest.iter().map(|execution| execution.transfer_id.0).collect();
        let transfers = self.repository.load_states(&ids).await?;
        Ok(transfers.iter().map(|transfer| progress(&transfer.state)).collect())
    }

    /// Cancels the orders of a customer who asked to be forgotten. Those that have ended meanwhile stay as they are.
    pub(crate) async fn cancel_orders_of(
        &self,
        customer: Uuid,
        event: &RecordedEvent,
    ) -> Result<(), ExecuteError<OrderRefusal>> {
        let owner = Actor::from(CustomerId::from(customer));
        let mut before = None;
        loop {
            let orders = self.orders_of(&owner, before, PAGE).await?;
            let Some(last) = orders.last() else {
                return Ok(());
            };
            before = Some(last.id);
            let waiting =
                orders.iter().filter(|order| order.state.placed().is_some_and(|it| it.next.is_some()));
            for order in waiting {
                let context = caused_by(event, order_erasure_command_id(OrderId(order.id)));
                match self.cancel_order(order.id, owner.clone(), None, context).await {
                    Ok(_) | Err(ExecuteError::Refused { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

/// A transfer that is not created yet will be: its due date is on the way to the subscription.
fn progress(transfer: &MoneyTransfer) -> Progress {
    let created = transfer.created();
    Progress {
        status: created.map_or(TransferStatus::Initial, |created| created.status()),
        reason: created.and_then(|created| created.reason()),
    }
}

/// A fresh id for an order. Ids rise with time, so that lists have the youngest first.
pub(crate) fn new_order_id() -> OrderId {
    OrderId(Uuid::now_v7())
}

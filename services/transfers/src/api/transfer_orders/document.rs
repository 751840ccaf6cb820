//! An order as clients see it.

use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{AccountId, OrderId, TransferId};
use domain::money::{Amount, Currency};
use domain::order::{DueDate, Execution, OrderStatus, Schedule, TransferOrder};
use domain::text::Memo;
use domain::transfer::{RefusalReason, TransferStatus};
use event_store::Versioned;
use serde::Serialize;
use service_kit::openapi::StreamVersion;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::application::Progress;

/// An order, and what comes next of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TransferOrderSummary)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderSummary {
    #[schema(value_type = OrderId)]
    pub(super) id: Uuid,
    from_account_id: AccountId,
    to_account_id: AccountId,
    amount: Amount,
    currency: Currency,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    memo: Option<Memo>,
    schedule: Schedule,
    state: OrderStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_due: Option<DueDate>,
    #[schema(value_type = StreamVersion)]
    version: i64,
    placed_at: DateTime<Utc>,
}

/// The same with its latest transfers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TransferOrder)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderDocument {
    #[serde(flatten)]
    order: OrderSummary,
    /// The transfers of the latest due dates, the youngest first; at most ten.
    transfers: Vec<ExecutionDocument>,
}

/// A due date that came, and how far its transfer has come.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TransferOrderExecution)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExecutionDocument {
    #[schema(minimum = 1)]
    number: u32,
    /// The day on which it was due.
    date: NaiveDate,
    /// The instant at which it was due.
    due_at: DateTime<Utc>,
    transfer_id: TransferId,
    state: TransferStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<RefusalReason>,
}

impl OrderSummary {
    /// `None` when it was never placed.
    pub(super) fn of(order: &Versioned<TransferOrder>) -> Option<Self> {
        let placed = order.state.placed()?;
        let details = placed.details.clone();
        Some(Self {
            id: order.id,
            from_account_id: details.from_account_id,
            to_account_id: details.to_account_id,
            amount: details.money.amount,
            currency: details.money.currency,
            memo: details.memo,
            schedule: details.schedule,
            state: placed.status,
            next_due: placed.next,
            version: order.version.0,
            placed_at: placed.placed_at,
        })
    }
}

impl OrderDocument {
    /// With how far each of the latest transfers has come, in their order.
    pub(super) fn of(order: &Versioned<TransferOrder>, progress: &[Progress]) -> Option<Self> {
        let latest = order.state.placed()?.latest.iter().zip(progress).rev();
        let transfers =
            latest.map(|(execution, progress)| ExecutionDocument::of(execution, progress)).collect();
        Some(Self { order: OrderSummary::of(order)?, transfers })
    }
}

impl ExecutionDocument {
    fn of(execution: &Execution, progress: &Progress) -> Self {
        let DueDate { number, date, at } = execution.due;
        let Progress { status: state, reason } = *progress;
        Self { number, date, due_at: at, transfer_id: execution.transfer_id, state, reason }
    }
}

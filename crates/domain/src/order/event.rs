//! What can have happened to an order.
//!
//! Invariant: a due date that came carries the order's details, so that its transfer is made without looking anything up.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{DueDate, Schedule};
use crate::DomainEvent;
use crate::event::EventType;
use crate::ids::{AccountId, OrderId, TransferId};
use crate::money::Money;
use crate::text::{Actor, Memo};

/// What an order moves from where to where, and when. It never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderDetails {
    /// The order.
    pub order_id: OrderId,
    /// The source of its transfers.
    pub from_account_id: AccountId,
    /// Their target.
    pub to_account_id: AccountId,
    /// How much of what each of them moves.
    pub money: Money,
    /// What for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memo: Option<Memo>,
    /// When.
    pub schedule: Schedule,
}

/// A fact about an order. `at` is the time of the decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
pub enum OrderEvent {
    /// It began.
    TransferOrderPlaced {
        /// Who placed it. The event store lists streams by the `owner` of their first event.
        owner: Actor,
        /// The order.
        order: OrderDetails,
        /// Its first due date.
        next: DueDate,
        /// When.
        at: DateTime<Utc>,
    },
    /// A due date came; its transfer is to be created.
    TransferDue {
        /// On whose behalf.
        owner: Actor,
        /// The order.
        order: OrderDetails,
        /// The due date.
        due: DueDate,
        /// The transfer, whose id follows from the order and the due date.
        transfer_id: TransferId,
        /// The due date after it; without one the order is completed.
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<DueDate>,
        /// When.
        at: DateTime<Utc>,
    },
    /// Somebody ended it.
    TransferOrderCancelled {
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Memo>,
        /// When.
        at: DateTime<Utc>,
    },
}

impl DomainEvent for OrderEvent {
    const TYPES: &'static [EventType] = &[
        EventType { name: "TransferOrderPlaced", schema_version: 1 },
        EventType { name: "TransferDue", schema_version: 1 },
        EventType { name: "TransferOrderCancelled", schema_version: 1 },
    ];
}

//! The order for transfers: money that is to move on a date to come (scheduled), or again and again (standing).
//!
//! Invariant: a due date comes once, and has one transfer, whose id follows from the order and the date. An order only says
//! when; whether the money moves is for the accounts, transfer by transfer, and a transfer that fails ends no order.
//!
//! The instant of the next due date stands in the events, with the one before it. So nothing that has happened, and no
//! deadline that somebody waits for, depends on which edition of the time zone database a program has.

mod command;
mod decide;
mod event;
mod evolve;
mod refusal;
pub mod saga;
mod schedule;

pub use command::OrderCommand;
pub use decide::MOST_AT_ONCE;
pub use event::{OrderDetails, OrderEvent};
pub use refusal::OrderRefusal;
pub use schedule::{DueDate, Interval, IntervalUnit, Schedule, ScheduleRule, TimeOfDay, TimeZone};

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Aggregate;
use crate::ids::TransferId;
use crate::text::Actor;
use crate::words::words;

/// How many of the latest due dates an order remembers.
pub const REMEMBERED: usize = 10;

/// An order's state; the default is an order that was never placed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransferOrder(Option<PlacedOrder>);

/// What there is to know about an order from its placing on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacedOrder {
    /// Who placed it, and on whose behalf its transfers are made.
    pub owner: Actor,
    /// What is to move, and when.
    pub details: OrderDetails,
    /// Whether more is to come.
    pub status: OrderStatus,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// The due date that comes next, until the order has ended.
    pub next: Option<DueDate>,
    /// The latest due dates that came, the oldest first.
    pub latest: VecDeque<Execution>,
}

/// A due date that came, and the transfer that is made for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Execution {
    /// The due date.
    pub due: DueDate,
    /// Its transfer.
    pub transfer_id: TransferId,
}

words! {
    /// Whether more is to come of an order.
    pub enum OrderStatus {
        /// It waits for its next due date.
        Active = "active",
        /// Its last due date has come. An end.
        Completed = "completed",
        /// Somebody cancelled it; what was due before has its transfers. An end.
        Cancelled = "cancelled",
    }
}

impl TransferOrder {
    /// What is known about the order; `None` when it was never placed.
    #[must_use]
    pub fn placed(&self) -> Option<&PlacedOrder> {
        self.0.as_ref()
    }
}

impl PlacedOrder {
    /// Whether `actor` may know of it, and end it: its owner, and operators.
    #[must_use]
    pub fn is_of(&self, actor: &Actor) -> bool {
        actor.is_operator() || self.owner == *actor
    }
}

impl Aggregate for TransferOrder {
    const TYPE: &'static str = "transfer-order";
    const STATE_SCHEMA_VERSION: u32 = 1;

    type Command = OrderCommand;
    type Event = OrderEvent;
    type Refusal = OrderRefusal;

    fn decide(&self, command: &OrderCommand) -> Result<Vec<OrderEvent>, OrderRefusal> {
        decide::decide(self, command)
    }

    fn evolve(self, event: &OrderEvent) -> Self {
        evolve::evolve(self, event)
    }

    fn deadline(&self) -> Option<DateTime<Utc>> {
        self.placed().and_then(|order| order.next).map(|next| next.at)
    }

    fn heap_bytes(&self) -> usize {
        self.placed().map_or(0, |order| {
            order.owner.as_str().len()
                + order.details.memo.as_ref().map_or(0, |memo| memo.as_str().len())
                + order.latest.capacity() * size_of::<Execution>()
        })
    }
}

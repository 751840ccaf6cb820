//! What can be asked of an order.

use chrono::{DateTime, Utc};

use super::OrderDetails;
use crate::text::{Actor, Memo};

/// A request to change an order. `now` is the time at which it is decided.
#[derive(Debug, Clone, PartialEq)]
pub enum OrderCommand {
    /// Begin it.
    Place {
        /// Who asks, and for whom its transfers will be made.
        owner: Actor,
        /// What is to move, and when.
        order: OrderDetails,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Notice that due dates have come.
    ComeDue {
        /// The time; before the next due date nothing happens.
        now: DateTime<Utc>,
    },
    /// End it. What was due before has its transfers.
    Cancel {
        /// Who asks: its owner, or an operator.
        actor: Actor,
        /// Why.
        reason: Option<Memo>,
        /// The time.
        now: DateTime<Utc>,
    },
}

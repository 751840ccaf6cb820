//! The transfer: a saga that moves money from one account to another, and its record.
//!
//! Invariant: only an account's answer moves the saga. A transfer never assumes what an account did, because
//! a debit may be committed that the transfer has not heard of yet; cancelling and giving up are therefore
//! questions to the account, under the step's own command id.
//!
//! [`saga`] lists which command follows which event.

mod command;
mod decide;
mod details;
mod event;
mod evolve;
mod intervention;
mod phase;
mod reason;
mod refusal;
pub mod saga;
mod trial;

pub use command::TransferCommand;
pub use details::TransferDetails;
pub use event::{PendingStep, TransferEvent};
pub use intervention::Intervention;
pub use phase::TransferStatus;
pub use reason::{RefusalReason, UnwindReason};
pub use refusal::{Answer, TransferRefusal};
pub use trial::trial;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Aggregate;
use crate::ids::TransferId;
use crate::text::{Actor, CustomerId};
use phase::Phase;

/// A transfer's state; the default is a transfer that was never created.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MoneyTransfer(Option<CreatedTransfer>);

/// What there is to know about a transfer from its creation on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedTransfer {
    /// What moves from where to where.
    pub details: TransferDetails,
    /// Whose account the money left, from the debit on.
    pub source_owner: Option<CustomerId>,
    /// Whose account the money reached, from the credit on.
    pub target_owner: Option<CustomerId>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When somebody looks at it again unless it has ended: at first its deadline.
    pub next_check_at: DateTime<Utc>,
    /// How many times its deadline has passed.
    pub deadlines_passed: u32,
    /// The transfer the other way, if the recipient or an operator started one.
    pub reversal: Option<Reversal>,
    /// How many times a reversal was started.
    pub reversal_attempts: u32,
    phase: Phase,
}

/// The link from a completed transfer to the one that moves its money back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Reversal {
    /// It is under way.
    Started {
        /// The other transfer.
        reversal_id: TransferId,
    },
    /// The money is back where it came from.
    Completed {
        /// The other transfer.
        reversal_id: TransferId,
    },
}

impl Reversal {
    /// The transfer that sends the money back.
    #[must_use]
    pub fn transfer_id(&self) -> TransferId {
        match *self {
            Self::Started { reversal_id } | Self::Completed { reversal_id } => reversal_id,
        }
    }
}

impl MoneyTransfer {
    /// What is known about the transfer; `None` when it was never created.
    #[must_use]
    pub fn created(&self) -> Option<&CreatedTransfer> {
        self.0.as_ref()
    }

    /// How far the transfer has come; `None` when it was never created.
    #[must_use]
    pub fn status(&self) -> Option<TransferStatus> {
        self.created().map(CreatedTransfer::status)
    }

    /// Whether it was accepted and nothing more will come of it.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.status().is_some_and(TransferStatus::has_ended)
    }
}

impl CreatedTransfer {
    /// How far the transfer has come.
    #[must_use]
    pub fn status(&self) -> TransferStatus {
        self.phase.status()
    }

    /// Which account's refusal makes it fail, from the moment that it is known.
    #[must_use]
    pub fn reason(&self) -> Option<RefusalReason> {
        self.phase.reason()
    }

    /// Whether `actor` may know of it: who created it, whoever's money it moved, and operators.
    ///
    /// The recipient does from the credit on: before it, nothing has reached them.
    #[must_use]
    pub fn is_visible_to(&self, actor: &Actor) -> bool {
        self.is_cancelled_by(actor) || self.is_reversed_by(actor) || owns(actor, &self.source_owner)
    }

    /// Whether it is for `actor` to cancel: for who created it, and operators.
    fn is_cancelled_by(&self, actor: &Actor) -> bool {
        actor.is_operator() || self.details.actor.as_ref() == Some(actor)
    }

    /// Whether it is for `actor` to send the money back: for the recipient, and operators.
    fn is_reversed_by(&self, actor: &Actor) -> bool {
        actor.is_operator() || owns(actor, &self.target_owner)
    }

    /// The step whose answer it waits for; `None` once it has ended.
    #[must_use]
    pub fn pending_step(&self) -> Option<PendingStep> {
        self.phase.pending_step()
    }
}

fn owns(actor: &Actor, owner: &Option<CustomerId>) -> bool {
    owner.as_ref().is_some_and(|owner| actor.may_act_for(owner))
}

impl Aggregate for MoneyTransfer {
    const TYPE: &'static str = "transfer";
    const STATE_SCHEMA_VERSION: u32 = 3;

    type Command = TransferCommand;
    type Event = TransferEvent;
    type Refusal = TransferRefusal;

    fn decide(&self, command: &TransferCommand) -> Result<Vec<TransferEvent>, TransferRefusal> {
        decide::decide(self, command)
    }

    fn evolve(self, event: &TransferEvent) -> Self {
        evolve::evolve(self, event)
    }

    fn deadline(&self) -> Option<DateTime<Utc>> {
        self.created().filter(|created| created.pending_step().is_some()).map(|created| created.next_check_at)
    }

    fn heap_bytes(&self) -> usize {
        self.created().map_or(0, |created| {
            let (memo, actor) = (&created.details.memo, &created.details.actor);
            let owners = [&created.source_owner, &created.target_owner];
            memo.as_ref().map_or(0, |memo| memo.as_str().len())
                + actor.as_ref().map_or(0, |actor| actor.as_str().len())
                + owners.into_iter().flatten().map(|owner| owner.as_str().len()).sum::<usize>()
        })
    }
}

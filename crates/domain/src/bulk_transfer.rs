//! The bulk transfer: one account pays many, and either all of it leaves the account or nothing does.
//!
//! Invariant: the source debits all lines by one event, or refuses all of them; and every line that was debited becomes
//! a transfer of its own, whose debit is recorded already. From there each line goes its own way, as every transfer does:
//! it is credited, or given back alone.
//!
//! [`saga`] lists which command follows which event.

mod command;
mod decide;
mod details;
mod event;
mod evolve;
mod refusal;
pub mod saga;
mod trial;

pub use command::BulkTransferCommand;
pub use details::{BulkDetails, BulkLine, MAX_LINES, balances_after, total};
pub use event::BulkTransferEvent;
pub use refusal::BulkTransferRefusal;
pub use trial::trial;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Aggregate;
use crate::text::{Actor, CustomerId};
use crate::transfer::{Answer, RefusalReason};
use crate::words::words;

/// A bulk transfer's state; the default is one that was never created.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BulkTransfer(Option<CreatedBulk>);

/// What there is to know about a bulk transfer from its creation on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedBulk {
    /// What moves from where to where.
    pub details: BulkDetails,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When somebody looks at it again unless it has ended: at first its deadline.
    pub next_check_at: DateTime<Utc>,
    /// How many times its deadline has passed.
    pub deadlines_passed: u32,
    phase: Phase,
}

words! {
    /// How far a bulk transfer has come, as the world sees it.
    pub enum BulkStatus {
        /// Created; the source was asked for the debit.
        Initial = "initial",
        /// All of it left the source, and each line is a transfer that goes on by itself. An end.
        Debited = "debited",
        /// The source refused, and nothing moved. An end.
        Failed = "failed",
    }
}

impl BulkStatus {
    /// Whether the source has answered.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Debited | Self::Failed)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "kebab-case", rename_all_fields = "camelCase")]
enum Phase {
    Initial,
    /// The money left the source; the lines' transfers are being created.
    Debited {
        owner: CustomerId,
    },
    /// Every line is a transfer.
    Started {
        owner: CustomerId,
    },
    Failed {
        reason: RefusalReason,
    },
}

impl BulkTransfer {
    /// What is known about the bulk transfer; `None` when it was never created.
    #[must_use]
    pub fn created(&self) -> Option<&CreatedBulk> {
        self.0.as_ref()
    }

    /// Whether it was accepted, and the source has answered.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.created().is_some_and(|created| created.status().has_ended())
    }
}

impl CreatedBulk {
    /// How far it has come.
    #[must_use]
    pub fn status(&self) -> BulkStatus {
        match self.phase {
            Phase::Initial => BulkStatus::Initial,
            Phase::Debited { .. } | Phase::Started { .. } => BulkStatus::Debited,
            Phase::Failed { .. } => BulkStatus::Failed,
        }
    }

    /// Why the source refused.
    #[must_use]
    pub fn reason(&self) -> Option<RefusalReason> {
        match self.phase {
            Phase::Failed { reason } => Some(reason),
            _ => None,
        }
    }

    /// Whether nothing is left to be done for the bulk itself: the source refused, or every line is a transfer.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Started { .. } | Phase::Failed { .. })
    }

    /// Who owns the source, while the lines that it was debited for are to become transfers.
    #[must_use]
    pub fn owner_of_waiting_lines(&self) -> Option<&CustomerId> {
        match &self.phase {
            Phase::Debited { owner } => Some(owner),
            _ => None,
        }
    }

    /// Whether `actor` may know of it: who created it, whoever's money it moved, and operators.
    #[must_use]
    pub fn is_visible_to(&self, actor: &Actor) -> bool {
        let moved_their_money = match &self.phase {
            Phase::Debited { owner } | Phase::Started { owner } => actor.may_act_for(owner),
            Phase::Initial | Phase::Failed { .. } => false,
        };
        actor.is_operator() || self.details.actor.as_ref() == Some(actor) || moved_their_money
    }

    /// The source's answer, from the moment that it is known.
    fn answer(&self) -> Option<Answer> {
        match self.phase {
            Phase::Initial => None,
            Phase::Debited { .. } | Phase::Started { .. } => Some(Answer::Debit),
            Phase::Failed { .. } => Some(Answer::DebitRejection),
        }
    }
}

impl Aggregate for BulkTransfer {
    const TYPE: &'static str = "bulk-transfer";
    const STATE_SCHEMA_VERSION: u32 = 1;

    type Command = BulkTransferCommand;
    type Event = BulkTransferEvent;
    type Refusal = BulkTransferRefusal;

    fn decide(&self, command: &BulkTransferCommand) -> Result<Vec<BulkTransferEvent>, BulkTransferRefusal> {
        decide::decide(self, command)
    }

    fn evolve(self, event: &BulkTransferEvent) -> Self {
        evolve::evolve(self, event)
    }

    fn deadline(&self) -> Option<DateTime<Utc>> {
        self.created().filter(|created| !created.is_done()).map(|created| created.next_check_at)
    }

    fn heap_bytes(&self) -> usize {
        let memo = |line: &BulkLine| line.memo.as_ref().map_or(0, |memo| memo.as_str().len());
        self.created().map_or(0, |created| {
            let lines = &created.details.lines;
            let actor = created.details.actor.as_ref().map_or(0, |actor| actor.as_str().len());
            lines.iter().map(|line| size_of::<BulkLine>() + memo(line)).sum::<usize>() + actor
        })
    }
}

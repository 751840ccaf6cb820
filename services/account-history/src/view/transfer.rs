//! A transfer as both of its accounts show it.

use chrono::{DateTime, Utc};
use domain::ids::{AccountId, BulkId, TransferId};
use domain::money::{Amount, Currency};
use domain::text::Memo;
use domain::transfer::{RefusalReason, TransferDetails, TransferEvent, TransferStatus};
use event_store::{RecordedEvent, Version};
use serde::{Deserialize, Serialize};
use service_kit::openapi::StreamVersion;
use utoipa::ToSchema;

use super::{Folded, guard};

/// A transfer as a client sees it. The amount is in minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TransferOfAccount)]
#[serde(rename_all = "camelCase")]
pub struct TransferView {
    /// The transfer.
    pub transfer_id: TransferId,
    /// The source.
    pub from_account_id: AccountId,
    /// The target.
    pub to_account_id: AccountId,
    /// How much moves.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
    /// How far it has come.
    pub state: TransferStatus,
    /// Which refusal makes it fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<RefusalReason>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub memo: Option<Memo>,
    /// The transfer whose money it moves back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reversal_of: Option<TransferId>,
    /// The bulk transfer that it is a line of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub bulk_id: Option<BulkId>,
    /// When it was created.
    pub at: DateTime<Utc>,
    /// How many events of the transfer's stream are in here.
    #[schema(value_type = StreamVersion)]
    pub version: Version,
}

impl TransferView {
    /// What lists of transfers are ordered by.
    #[must_use]
    pub fn order(&self) -> (DateTime<Utc>, TransferId) {
        (self.at, self.transfer_id)
    }
}

/// A transfer as it is stored: how it is, and how it came there, so that the past can be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransferDocument {
    /// The transfer as it is.
    pub transfer: TransferView,
    /// Every state that it was in, the oldest first.
    pub stages: Vec<Stage>,
}

/// A state that a transfer was in, from `at` on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// The version that brought it there.
    pub version: Version,
    /// When that was.
    pub at: DateTime<Utc>,
    /// The state.
    pub state: TransferStatus,
    /// Which refusal makes it fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<RefusalReason>,
}

impl TransferDocument {
    /// The transfer as it was at `time`; `None` before its creation.
    #[must_use]
    pub fn as_of(&self, time: DateTime<Utc>) -> Option<TransferView> {
        let stage = self.stages.iter().rfind(|stage| stage.at <= time)?;
        Some(TransferView {
            state: stage.state,
            reason: stage.reason,
            version: stage.version,
            ..self.transfer.clone()
        })
    }
}

/// Folds the next event of a transfer's stream into its document, which its first event makes.
pub fn fold_transfer(
    document: &mut Option<TransferDocument>,
    recorded: &RecordedEvent,
    event: &TransferEvent,
) -> Folded<()> {
    let last_seen = document.as_ref().map_or(Version::NONE, |document| document.transfer.version);
    let folded = guard(last_seen, recorded.version);
    if folded == Folded::Applied(()) {
        match (document.as_mut(), event) {
            (Some(document), _) => advance(document, recorded, event),
            (None, TransferEvent::MoneyTransferCreated { transfer, at }) => {
                *document = Some(create(recorded, transfer, *at));
            }
            (None, _) => return Folded::Unfit("the first event of a transfer is not its creation"),
        }
    }
    folded
}

fn create(recorded: &RecordedEvent, details: &TransferDetails, at: DateTime<Utc>) -> TransferDocument {
    let (version, state, reason) = (recorded.version, TransferStatus::Initial, None);
    TransferDocument {
        transfer: TransferView {
            transfer_id: TransferId(recorded.stream.aggregate_id),
            from_account_id: details.from_account_id,
            to_account_id: details.to_account_id,
            amount: details.money.amount,
            currency: details.money.currency,
            state,
            reason,
            memo: details.memo.clone(),
            reversal_of: details.reversal_of,
            bulk_id: details.bulk_id,
            at,
            version,
        },
        stages: vec![Stage { version, at, state, reason }],
    }
}

fn advance(document: &mut TransferDocument, recorded: &RecordedEvent, event: &TransferEvent) {
    let transfer = &mut document.transfer;
    let (state, reason) = state_after(event).unwrap_or((transfer.state, transfer.reason));
    transfer.version = recorded.version;
    (transfer.state, transfer.reason) = (state, reason);
    document.stages.push(Stage { version: recorded.version, at: recorded.recorded_at, state, reason });
}

/// What the world sees of a transfer after `event`; `None` when it sees no change.
fn state_after(event: &TransferEvent) -> Option<(TransferStatus, Option<RefusalReason>)> {
    use TransferStatus as Status;
    Some(match event {
        TransferEvent::MoneyTransferCreated { .. } => (Status::Initial, None),
        TransferEvent::DebitRecorded { .. } => (Status::Debited, None),
        TransferEvent::CreditRecorded { .. } => (Status::Completed, None),
        TransferEvent::CreditRejectionRecorded { reason, .. } => (Status::Refunding, Some(*reason)),
        TransferEvent::MoneyTransferFailed { reason, .. } => (Status::Failed, Some(*reason)),
        TransferEvent::CancellationRequested { .. } | TransferEvent::CancellationRefundStarted { .. } => {
            (Status::Cancelling, None)
        }
        TransferEvent::MoneyTransferCancelled { .. } => (Status::Cancelled, None),
        TransferEvent::DeadlinePassed { .. }
        | TransferEvent::InterventionRecorded { .. }
        | TransferEvent::ReversalStarted { .. }
        | TransferEvent::ReversalFailed { .. }
        | TransferEvent::ReversalCompleted { .. } => return None,
    })
}

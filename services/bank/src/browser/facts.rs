//! What is known of one transfer, from every store that knows something of it. Nothing is guessed: an account's answer is
//! looked up by the id of the step's command.

use std::sync::Arc;

use domain::Aggregate;
use domain::command_id::{BulkStep, Step, bulk_step_command_id, step_command_id};
use domain::ids::TransferId;
use domain::transfer::{CreatedTransfer, MoneyTransfer, PendingStep, TransferEvent};
use event_store::{EventStore, RecordedEvent, StreamId, Until, Version};
use service_kit::Failure;
use uuid::Uuid;

use super::{failed, unknown, words};

/// A transfer, and what the accounts did for it.
pub(super) struct Facts {
    pub(super) id: TransferId,
    pub(super) transfer: CreatedTransfer,
    /// The transfer's own events.
    pub(super) events: Vec<RecordedEvent>,
    /// The accounts' answers, in the order of the steps.
    pub(super) answers: Vec<RecordedEvent>,
}

impl Facts {
    /// # Errors
    /// When there is no such transfer, or a store cannot be read.
    pub(super) async fn gather(
        transfers: &Arc<dyn EventStore>,
        accounts: &Arc<dyn EventStore>,
        id: Uuid,
    ) -> Result<Self, Failure> {
        let stream = StreamId::new(MoneyTransfer::TYPE, id);
        let events = transfers.load(&stream, Version::NONE, Until::Latest).await.map_err(failed)?;
        let decoded: Result<Vec<TransferEvent>, _> = events.iter().map(RecordedEvent::decode).collect();
        let state = MoneyTransfer::default().fold(&decoded.map_err(failed)?);
        let transfer = state.created().ok_or_else(|| unknown("transfer", id))?.clone();
        let id = TransferId(id);
        let answers = answers(accounts, id, &transfer).await?;
        Ok(Self { id, transfer, events, answers })
    }

    /// Both services' events in the order of their times.
    pub(super) fn in_order(&self) -> Vec<&RecordedEvent> {
        let mut all: Vec<&RecordedEvent> = self.events.iter().chain(&self.answers).collect();
        all.sort_by_key(|event| event.recorded_at);
        all
    }

    /// What the account answered to the pending step, if it has.
    pub(super) fn pending_answer(&self) -> Option<&RecordedEvent> {
        let types: &[&str] = match self.transfer.pending_step()? {
            PendingStep::Debit => &["AccountDebited", "AccountDebitRejected"],
            PendingStep::Credit => &["AccountCredited", "AccountCreditRejected"],
            PendingStep::Reversal { .. } => &["AccountDebitReversed"],
        };
        self.answers.iter().find(|answer| types.contains(&answer.event_type.as_str()))
    }

    fn has(&self, event_types: &[&str]) -> bool {
        self.answers.iter().any(|answer| event_types.contains(&answer.event_type.as_str()))
    }

    /// Whether it has left its source and is in no account.
    pub(super) fn is_in_flight(&self) -> bool {
        self.has(&["AccountDebited", "AccountLinesDebited"])
            && !self.has(&["AccountCredited", "AccountDebitReversed"])
    }

    /// Where the money is, by what the accounts did, whatever the transfer knows of it by now.
    pub(super) fn whereabouts(&self) -> String {
        let details = &self.transfer.details;
        let (money, from, to) = (words::money(details.money), details.from_account_id, details.to_account_id);
        if self.has(&["AccountCredited"]) {
            format!("{money} are in account {to}")
        } else if self.has(&["AccountDebitReversed"]) {
            format!("{money} are back in account {from}")
        } else if self.is_in_flight() {
            format!("{money} are in flight: debited from account {from}, not yet credited to account {to}")
        } else {
            format!("{money} have not left account {from}")
        }
    }
}

async fn answers(
    accounts: &Arc<dyn EventStore>,
    id: TransferId,
    transfer: &CreatedTransfer,
) -> Result<Vec<RecordedEvent>, Failure> {
    let debit = match transfer.details.bulk_id {
        Some(bulk) => bulk_step_command_id(bulk, BulkStep::DebitLines),
        None => step_command_id(id, Step::Debit),
    };
    let ids = [debit, step_command_id(id, Step::Credit), step_command_id(id, Step::ReverseDebit)];
    let commands = accounts.find_commands(&ids).await.map_err(failed)?;
    let mut answers = Vec::new();
    for command in ids.iter().filter_map(|id| commands.iter().find(|command| command.command_id == *id)) {
        let before = Version(command.version.0 - i64::from(command.event_count));
        let until = Until::Version(command.version);
        answers.extend(accounts.load(&command.stream, before, until).await.map_err(failed)?);
    }
    Ok(answers)
}

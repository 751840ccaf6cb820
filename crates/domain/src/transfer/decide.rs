//! Which events a command causes, or why it is refused.

mod intervention;
mod reversal;

use chrono::{DateTime, Utc};

use super::{Answer, CreatedTransfer, MoneyTransfer, Phase, TransferStatus, UnwindReason};
use super::{
    TransferCommand as Command, TransferDetails, TransferEvent as Event, TransferRefusal as Refusal,
};
use crate::text::{Actor, CustomerId, Memo};

pub(super) fn decide(transfer: &MoneyTransfer, command: &Command) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Create { details, now } => return create(transfer, details, *now),
        Command::CreateDebited { details, owner, now } => {
            return create_debited(transfer, details, owner, *now);
        }
        _ => {}
    }
    let transfer = transfer.created().ok_or(Refusal::TransferNotFound)?;
    match command {
        Command::Create { .. } | Command::CreateDebited { .. } => Err(Refusal::AlreadyCreated),
        Command::RecordDebit { .. } => record(transfer, command, Answer::Debit),
        Command::RecordDebitRejection { .. } => record(transfer, command, Answer::DebitRejection),
        Command::RecordCredit { .. } => record(transfer, command, Answer::Credit),
        Command::RecordCreditRejection { .. } => record(transfer, command, Answer::CreditRejection),
        Command::RecordDebitReversal => record(transfer, command, Answer::DebitReversal),
        Command::Cancel { actor, reason, now } => cancel(transfer, actor, reason, *now),
        Command::PassDeadline { now, next_check_at } => Ok(pass_deadline(transfer, *now, *next_check_at)),
        Command::Intervene { actor, intervention, reason, now } => {
            intervention::record(transfer, actor, *intervention, reason, *now)
        }
        Command::StartReversal { actor, reason, deadline, now } => {
            reversal::start(transfer, actor, reason, *deadline, *now)
        }
        Command::FailReversal { reversal_id, reason } => Ok(reversal::fail(transfer, *reversal_id, *reason)),
        Command::CompleteReversal { reversal_id } => Ok(reversal::complete(transfer, *reversal_id)),
    }
}

/// Creating the same transfer again is not a second one.
fn create(
    transfer: &MoneyTransfer,
    details: &TransferDetails,
    at: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    match transfer.created() {
        Some(created) if created.details == *details => Ok(vec![]),
        Some(_) => Err(Refusal::AlreadyCreated),
        None if details.from_account_id == details.to_account_id => Err(Refusal::SameAccount),
        None => Ok(vec![Event::MoneyTransferCreated { transfer: details.clone(), at }]),
    }
}

/// A line of a bulk transfer begins where the source's answer left it.
fn create_debited(
    transfer: &MoneyTransfer,
    details: &TransferDetails,
    owner: &CustomerId,
    at: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    let created = create(transfer, details, at)?;
    let recorded = Event::DebitRecorded { transfer: details.clone(), owner: Some(owner.clone()) };
    let is_new = !created.is_empty();
    Ok(created.into_iter().chain(is_new.then_some(recorded)).collect())
}

/// The saga: what an account's answer leads to in each phase.
fn record(created: &CreatedTransfer, command: &Command, answer: Answer) -> Result<Vec<Event>, Refusal> {
    let transfer = created.details.clone();
    let event = match (created.phase, command) {
        (Phase::Initial, Command::RecordDebit { owner }) => {
            Event::DebitRecorded { transfer, owner: owner.clone() }
        }
        (Phase::Initial, &Command::RecordDebitRejection { reason }) => {
            Event::MoneyTransferFailed { transfer, reason }
        }
        (Phase::Cancelling, Command::RecordDebit { .. }) => Event::CancellationRefundStarted { transfer },
        (Phase::Cancelling, Command::RecordDebitRejection { .. }) => {
            Event::MoneyTransferCancelled { transfer }
        }
        (Phase::Debited, Command::RecordCredit { owner }) => {
            Event::CreditRecorded { transfer, owner: owner.clone() }
        }
        (Phase::Debited, &Command::RecordCreditRejection { reason }) => {
            Event::CreditRejectionRecorded { transfer, reason }
        }
        (Phase::Refunding(UnwindReason::Refused(reason)), Command::RecordDebitReversal) => {
            Event::MoneyTransferFailed { transfer, reason }
        }
        (Phase::Refunding(UnwindReason::Cancelled), Command::RecordDebitReversal) => {
            Event::MoneyTransferCancelled { transfer }
        }
        (phase, _) if phase.answers().contains(&answer) => return Ok(vec![]),
        (phase, _) => {
            return Err(Refusal::UnexpectedAnswer { state: phase.status(), answer });
        }
    };
    Ok(vec![event])
}

fn cancel(
    created: &CreatedTransfer,
    actor: &Actor,
    reason: &Option<Memo>,
    at: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if !created.is_visible_to(actor) {
        return Err(Refusal::TransferNotFound);
    }
    if !created.is_cancelled_by(actor) {
        return Err(Refusal::Forbidden);
    }
    match created.status() {
        TransferStatus::Initial => {
            let transfer = created.details.clone();
            Ok(vec![Event::CancellationRequested { transfer, reason: reason.clone(), at }])
        }
        TransferStatus::Cancelling | TransferStatus::Cancelled => Ok(vec![]),
        state => Err(Refusal::TooLate { state }),
    }
}

fn pass_deadline(created: &CreatedTransfer, now: DateTime<Utc>, next_check_at: DateTime<Utc>) -> Vec<Event> {
    match created.pending_step() {
        Some(pending) if now >= created.next_check_at => vec![Event::DeadlinePassed {
            transfer: created.details.clone(),
            pending,
            attempt: created.deadlines_passed.saturating_add(1),
            next_check_at,
        }],
        _ => vec![],
    }
}

//! Which events a command causes, or why it is refused.

use chrono::{DateTime, Utc};

use super::{
    Answer, BulkDetails, BulkTransfer, BulkTransferCommand as Command, BulkTransferEvent as Event,
    BulkTransferRefusal as Refusal, CreatedBulk, MAX_LINES, Phase,
};

pub(super) fn decide(bulk: &BulkTransfer, command: &Command) -> Result<Vec<Event>, Refusal> {
    if let Command::Create { details, now } = command {
        return create(bulk, details, *now);
    }
    let bulk = bulk.created().ok_or(Refusal::BulkTransferNotFound)?;
    match command {
        Command::Create { .. } => Err(Refusal::AlreadyCreated),
        Command::RecordDebit { owner } => record(bulk, Answer::Debit, || Event::BulkDebitRecorded {
            bulk: bulk.details.clone(),
            owner: owner.clone(),
        }),
        Command::RecordDebitRejection { reason } => record(bulk, Answer::DebitRejection, || {
            Event::BulkTransferFailed { bulk_id: bulk.details.bulk_id, reason: *reason }
        }),
        Command::RecordLinesStarted => record_lines_started(bulk),
        Command::PassDeadline { now, next_check_at } => Ok(pass_deadline(bulk, *now, *next_check_at)),
    }
}

/// Creating the same bulk transfer again is not a second one.
fn create(bulk: &BulkTransfer, details: &BulkDetails, at: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    match bulk.created() {
        Some(created) if created.details == *details => Ok(vec![]),
        Some(_) => Err(Refusal::AlreadyCreated),
        None if !(1..=MAX_LINES).contains(&details.lines.len()) => Err(Refusal::WrongNumberOfLines),
        None if details.pays_its_source() => Err(Refusal::SameAccount),
        None => Ok(vec![Event::BulkTransferCreated { bulk: details.clone(), at }]),
    }
}

/// Takes note of the source's answer, once.
fn record(
    bulk: &CreatedBulk,
    answer: Answer,
    recorded: impl FnOnce() -> Event,
) -> Result<Vec<Event>, Refusal> {
    match bulk.answer() {
        None => Ok(vec![recorded()]),
        Some(known) if known == answer => Ok(vec![]),
        Some(_) => Err(Refusal::UnexpectedAnswer { state: bulk.status(), answer }),
    }
}

fn record_lines_started(bulk: &CreatedBulk) -> Result<Vec<Event>, Refusal> {
    match bulk.phase {
        Phase::Debited { .. } => Ok(vec![Event::BulkLinesStarted { bulk_id: bulk.details.bulk_id }]),
        Phase::Started { .. } => Ok(vec![]),
        Phase::Initial | Phase::Failed { .. } => Err(Refusal::NotDebited { state: bulk.status() }),
    }
}

/// Once the source has answered there is nothing to press for: its lines are started without anybody's answer.
fn pass_deadline(bulk: &CreatedBulk, now: DateTime<Utc>, next_check_at: DateTime<Utc>) -> Vec<Event> {
    if bulk.answer().is_some() || now < bulk.next_check_at {
        return vec![];
    }
    vec![Event::BulkDeadlinePassed {
        bulk_id: bulk.details.bulk_id,
        from_account_id: bulk.details.from_account_id,
        attempt: bulk.deadlines_passed.saturating_add(1),
        next_check_at,
    }]
}

//! Beginning a bulk transfer, and taking note of what became of it.

use domain::Aggregate;
use domain::bulk_transfer::{BulkStatus, BulkTransfer, BulkTransferCommand, BulkTransferRefusal, MAX_LINES};
use domain::text::Actor;
use domain::transfer::{Answer, RefusalReason};

use super::*;
use crate::given::given;

fn create(cents: &[u64]) -> BulkTransferCommand {
    BulkTransferCommand::Create { details: bulk(cents), now: noon() }
}

fn record_debit() -> BulkTransferCommand {
    BulkTransferCommand::RecordDebit { owner: alice() }
}

fn record_rejection() -> BulkTransferCommand {
    BulkTransferCommand::RecordDebitRejection { reason: RefusalReason::AccountFrozen }
}

fn pass_deadline(minutes: i64) -> BulkTransferCommand {
    BulkTransferCommand::PassDeadline { now: at(minutes), next_check_at: at(minutes + 5) }
}

#[test]
fn a_bulk_transfer_begins() {
    given::<BulkTransfer>([]).when(create(&[30, 20])).then([created()]);
    given::<BulkTransfer>([created()]).when(create(&[30, 20])).then_nothing();
    given::<BulkTransfer>([created()])
        .when(create(&[30, 21]))
        .then_refused(BulkTransferRefusal::AlreadyCreated);
}

#[test]
fn it_has_one_to_a_hundred_lines() {
    for lines in [0, MAX_LINES + 1] {
        given::<BulkTransfer>([])
            .when(create(&vec![1; lines]))
            .then_refused(BulkTransferRefusal::WrongNumberOfLines);
    }
    assert!(given::<BulkTransfer>([]).when(create(&vec![1; MAX_LINES])).moved());
}

#[test]
fn no_line_pays_the_source() {
    let mut details = bulk(&[30, 20]);
    details.lines[1].to_account_id = ALICES;
    given::<BulkTransfer>([])
        .when(BulkTransferCommand::Create { details, now: noon() })
        .then_refused(BulkTransferRefusal::SameAccount);
}

#[test]
fn the_sources_answer_decides() {
    given::<BulkTransfer>([created()]).when(record_debit()).then([debit_recorded()]);
    given::<BulkTransfer>([created()]).when(record_rejection()).then([failed(RefusalReason::AccountFrozen)]);
}

#[test]
fn the_same_answer_again_changes_nothing_and_the_other_one_cannot_come() {
    let reason = RefusalReason::AccountFrozen;
    for past in [vec![created(), debit_recorded()], vec![created(), debit_recorded(), lines_started()]] {
        given::<BulkTransfer>(past.clone()).when(record_debit()).then_nothing();
        let (state, answer) = (BulkStatus::Debited, Answer::DebitRejection);
        given::<BulkTransfer>(past)
            .when(record_rejection())
            .then_refused(BulkTransferRefusal::UnexpectedAnswer { state, answer });
    }
    given::<BulkTransfer>([created(), failed(reason)]).when(record_rejection()).then_nothing();
    let (state, answer) = (BulkStatus::Failed, Answer::Debit);
    given::<BulkTransfer>([created(), failed(reason)])
        .when(record_debit())
        .then_refused(BulkTransferRefusal::UnexpectedAnswer { state, answer });
}

#[test]
fn lines_start_once_and_only_debited() {
    let start = || BulkTransferCommand::RecordLinesStarted;
    given::<BulkTransfer>([created(), debit_recorded()]).when(start()).then([lines_started()]);
    given::<BulkTransfer>([created(), debit_recorded(), lines_started()]).when(start()).then_nothing();
    for (past, state) in [
        (vec![created()], BulkStatus::Initial),
        (vec![created(), failed(RefusalReason::AccountFrozen)], BulkStatus::Failed),
    ] {
        given::<BulkTransfer>(past).when(start()).then_refused(BulkTransferRefusal::NotDebited { state });
    }
}

#[test]
fn past_its_deadline_the_source_is_pressed_for_an_answer() {
    given::<BulkTransfer>([created()]).when(pass_deadline(9)).then_nothing();
    given::<BulkTransfer>([created()]).when(pass_deadline(10)).then([deadline_passed(1, 15)]);
    let past = || [created(), deadline_passed(1, 15)];
    given::<BulkTransfer>(past()).when(pass_deadline(14)).then_nothing();
    given::<BulkTransfer>(past()).when(pass_deadline(15)).then([deadline_passed(2, 20)]);
}

#[test]
fn whoever_has_an_answer_is_not_pressed() {
    for past in [
        vec![created(), debit_recorded()],
        vec![created(), debit_recorded(), lines_started()],
        vec![created(), failed(RefusalReason::AccountFrozen)],
    ] {
        given::<BulkTransfer>(past).when(pass_deadline(60)).then_nothing();
    }
}

/// Also once it is debited, until its lines have been started: the message that asks for that may be lost.
#[test]
fn somebody_looks_again_until_nothing_is_left_to_be_done() {
    let deadline_of = |past: Vec<_>| given::<BulkTransfer>(past).state().deadline();
    assert_eq!(deadline_of(vec![]), None);
    assert_eq!(deadline_of(vec![created()]), Some(deadline()));
    assert_eq!(deadline_of(vec![created(), deadline_passed(1, 15)]), Some(at(15)));
    assert_eq!(deadline_of(vec![created(), debit_recorded()]), Some(deadline()));
    assert_eq!(deadline_of(vec![created(), debit_recorded(), lines_started()]), None);
    assert_eq!(deadline_of(vec![created(), failed(RefusalReason::AccountFrozen)]), None);
}

#[test]
fn the_world_sees_the_answer() {
    let reason = RefusalReason::AccountFrozen;
    for (past, status, reason) in [
        (vec![created()], BulkStatus::Initial, None),
        (vec![created(), debit_recorded()], BulkStatus::Debited, None),
        (vec![created(), debit_recorded(), lines_started()], BulkStatus::Debited, None),
        (vec![created(), failed(reason)], BulkStatus::Failed, Some(reason)),
    ] {
        let bulk = given::<BulkTransfer>(past).state();
        let created = bulk.created().expect("a created bulk transfer");
        assert_eq!((created.status(), created.reason()), (status, reason));
        assert_eq!(bulk.has_ended(), status != BulkStatus::Initial);
    }
}

/// The owner of the source is not always who asked for it.
#[test]
fn who_asked_for_it_sees_it_and_who_paid() {
    let mut details = bulk(&[30, 20]);
    details.actor = Some(operator());
    let created = BulkTransferEvent::BulkTransferCreated { bulk: details, at: noon() };
    let sees = |past: &[BulkTransferEvent], actor: &Actor| {
        let bulk = given::<BulkTransfer>(past.to_vec()).state();
        bulk.created().is_some_and(|created| created.is_visible_to(actor))
    };
    let past = [created, debit_recorded(), lines_started()];
    for past in [&past[..1], &past[..2], &past] {
        assert!(sees(past, &operator()));
        assert!(!sees(past, &actor("mallory")));
        assert_eq!(sees(past, &actor("alice")), past.len() > 1);
    }
    assert!(sees(&[super::created()], &actor("alice")));
}

#[test]
fn nothing_can_be_asked_of_one_that_was_never_created() {
    for command in
        [record_debit(), record_rejection(), BulkTransferCommand::RecordLinesStarted, pass_deadline(60)]
    {
        given::<BulkTransfer>([]).when(command).then_refused(BulkTransferRefusal::BulkTransferNotFound);
    }
}

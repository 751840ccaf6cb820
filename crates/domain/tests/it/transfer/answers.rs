//! Only an account's answer moves the saga.

use domain::transfer::RefusalReason::{AccountClosed, InsufficientFunds};
use domain::transfer::{Answer, MoneyTransfer, TransferCommand, TransferRefusal, TransferStatus};

use super::events::*;
use crate::given::given;

const REJECT_DEBIT: TransferCommand = TransferCommand::RecordDebitRejection { reason: InsufficientFunds };
const REJECT_CREDIT: TransferCommand = TransferCommand::RecordCreditRejection { reason: AccountClosed };

#[test]
fn a_debit_leads_to_the_credit() {
    given::<MoneyTransfer>([created()]).when(record_debit()).then([debit_recorded()]);
}

#[test]
fn a_refused_debit_fails_the_transfer() {
    given::<MoneyTransfer>([created()]).when(REJECT_DEBIT).then([failed(InsufficientFunds)]);
}

#[test]
fn a_credit_completes_the_transfer() {
    given::<MoneyTransfer>([created(), debit_recorded()]).when(record_credit()).then([credit_recorded()]);
}

#[test]
fn a_refused_credit_leads_to_a_refund() {
    given::<MoneyTransfer>([created(), debit_recorded()])
        .when(REJECT_CREDIT)
        .then([credit_rejection_recorded(AccountClosed)]);
}

#[test]
fn a_transfer_fails_only_once_the_money_is_back_and_for_the_credits_reason() {
    let refunding = [created(), debit_recorded(), credit_rejection_recorded(AccountClosed)];
    given::<MoneyTransfer>(refunding)
        .when(TransferCommand::RecordDebitReversal)
        .then([failed(AccountClosed)]);
}

#[test]
fn the_reason_is_known_from_the_rejection_on() {
    let reason = |past: Vec<_>| given::<MoneyTransfer>(past).state().created().and_then(|it| it.reason());
    assert_eq!(reason(vec![created(), debit_recorded()]), None);
    let refunding = vec![created(), debit_recorded(), credit_rejection_recorded(AccountClosed)];
    assert_eq!(reason(refunding.clone()), Some(AccountClosed));
    assert_eq!(reason([refunding, vec![failed(AccountClosed)]].concat()), Some(AccountClosed));
}

/// Every answer in every phase that has an outcome of its own above or in the cancellation's tests is left
/// out; what remains is either a repetition, which changes nothing, or a contradiction.
#[test]
fn a_repeated_answer_changes_nothing_and_a_contradiction_is_refused() {
    use TransferCommand::RecordDebitReversal;
    let answers = [
        (Answer::Debit, record_debit()),
        (Answer::DebitRejection, REJECT_DEBIT),
        (Answer::Credit, record_credit()),
        (Answer::CreditRejection, REJECT_CREDIT),
        (Answer::DebitReversal, RecordDebitReversal),
    ];
    // `+` moves the saga, `=` repeats, `!` contradicts; columns as in `answers`, rows as in `every_past`.
    let table = [
        "++!!!", // initial
        "=!++!", // debited
        "=!=!!", // completed
        "=!!=+", // refunding
        "!=!!!", // failed, the debit refused
        "=!!==", // failed, the credit refused
        "++!!!", // cancelling
        "=!!!+", // cancelling, the debit to be taken back
        "!=!!!", // cancelled, the debit refused
        "=!!!=", // cancelled, the debit taken back
    ];
    for (past, row) in every_past().into_iter().zip(table) {
        for ((answer, command), outcome) in answers.clone().into_iter().zip(row.chars()) {
            let state = given::<MoneyTransfer>(past.clone()).state().status().expect("a status");
            let outcome_of_command = given::<MoneyTransfer>(past.clone()).when(command);
            match outcome {
                '=' => outcome_of_command.then_nothing(),
                '!' => outcome_of_command.then_refused(TransferRefusal::UnexpectedAnswer { state, answer }),
                _ => assert!(outcome_of_command.moved(), "{answer} moves {state}"),
            }
        }
    }
}

#[test]
fn every_status_is_reached() {
    let reached: Vec<_> =
        every_past().into_iter().map(|past| given::<MoneyTransfer>(past).state().status()).collect();
    for status in TransferStatus::ALL {
        assert!(reached.contains(&Some(*status)), "{status}");
    }
}

//! Beginning a transfer.

use domain::Aggregate;
use domain::transfer::{MoneyTransfer, TransferCommand, TransferDetails, TransferRefusal, TransferStatus};

use super::events::*;
use crate::fixtures::*;
use crate::given::given;

fn create(details: TransferDetails) -> TransferCommand {
    TransferCommand::Create { details, now: noon() }
}

#[test]
fn a_transfer_begins() {
    given::<MoneyTransfer>([]).when(create(details())).then([created()]);
}

#[test]
fn a_transfer_needs_two_accounts() {
    let to_itself = TransferDetails { to_account_id: ALICES, ..details() };
    given::<MoneyTransfer>([]).when(create(to_itself)).then_refused(TransferRefusal::SameAccount);
}

#[test]
fn creating_the_same_transfer_again_changes_nothing() {
    given::<MoneyTransfer>([created()]).when(create(details())).then_nothing();
    given::<MoneyTransfer>(completed()).when(create(details())).then_nothing();
}

#[test]
fn an_id_stands_for_one_transfer() {
    let other = TransferDetails { money: usd(31), ..details() };
    given::<MoneyTransfer>([created()]).when(create(other)).then_refused(TransferRefusal::AlreadyCreated);
}

#[test]
fn a_created_transfer_knows_what_it_is() {
    let transfer = given::<MoneyTransfer>([created()]).state();
    let state = transfer.created().expect("a created transfer");
    assert_eq!((&state.details, state.created_at), (&details(), noon()));
    assert_eq!((state.status(), state.reason()), (TransferStatus::Initial, None));
    assert_eq!(transfer.deadline(), Some(deadline()));
}

#[test]
fn nothing_can_be_asked_of_a_transfer_that_was_never_created() {
    let commands = [
        record_debit(),
        TransferCommand::Cancel { actor: operator(), reason: None, now: noon() },
        TransferCommand::PassDeadline { now: at(10), next_check_at: at(11) },
        TransferCommand::StartReversal { actor: operator(), reason: None, deadline: at(20), now: noon() },
        TransferCommand::CompleteReversal { reversal_id: TRANSFER },
    ];
    for command in commands {
        given::<MoneyTransfer>([]).when(command).then_refused(TransferRefusal::TransferNotFound);
    }
    let transfer = given::<MoneyTransfer>([]).state();
    assert_eq!((transfer.status(), transfer.deadline()), (None, None));
}

//! A transfer that is a line of a bulk transfer: it begins where the debit of all lines left it.

use domain::Aggregate;
use domain::transfer::saga::account_commands_after;
use domain::transfer::{
    MoneyTransfer, TransferCommand, TransferDetails, TransferEvent, TransferRefusal, TransferStatus,
};

use crate::fixtures::*;
use crate::given::given;

fn details() -> TransferDetails {
    bulk(&[30]).transfer_of(&line(0, 30))
}

fn create() -> TransferCommand {
    TransferCommand::CreateDebited { details: details(), owner: alice(), now: noon() }
}

fn begun() -> [TransferEvent; 2] {
    [
        TransferEvent::MoneyTransferCreated { transfer: details(), at: noon() },
        TransferEvent::DebitRecorded { transfer: details(), owner: Some(alice()) },
    ]
}

#[test]
fn it_begins_debited() {
    given::<MoneyTransfer>([]).when(create()).then(begun());
    let transfer = given::<MoneyTransfer>(begun()).state();
    assert_eq!((transfer.status(), transfer.deadline()), (Some(TransferStatus::Debited), Some(deadline())));
    assert!(transfer.created().is_some_and(|created| created.is_visible_to(&actor("alice"))));
}

#[test]
fn beginning_it_again_changes_nothing() {
    given::<MoneyTransfer>(begun()).when(create()).then_nothing();
    let completed = TransferEvent::CreditRecorded { transfer: details(), owner: Some(bob()) };
    given::<MoneyTransfer>(begun().into_iter().chain([completed])).when(create()).then_nothing();
    let other = TransferDetails { money: usd(31), ..details() };
    let other = TransferCommand::CreateDebited { details: other, owner: alice(), now: noon() };
    given::<MoneyTransfer>(begun()).when(other).then_refused(TransferRefusal::AlreadyCreated);
}

/// It was debited with the others: to ask for it again would take the money twice.
#[test]
fn no_account_is_asked_for_its_debit() {
    let [created, recorded] = begun();
    assert_eq!(account_commands_after(&created, at(1)), None);
    let (account, ..) = account_commands_after(&recorded, at(1)).expect("the target is asked");
    assert_eq!(account, BOBS);
}

#[test]
fn it_is_too_late_to_cancel_it() {
    let cancel = TransferCommand::Cancel { actor: actor("alice"), reason: None, now: at(1) };
    given::<MoneyTransfer>(begun())
        .when(cancel)
        .then_refused(TransferRefusal::TooLate { state: TransferStatus::Debited });
}

//! The rule of the domain beside the one here, and what is left out.

use chrono::{DateTime, Utc};
use domain::Aggregate;
use domain::ids::{AccountId, TransferId};
use domain::money::{Amount, Currency, Money};
use domain::text::{Actor, CustomerId, Memo};
use domain::transfer::{Intervention, MoneyTransfer, PendingStep, RefusalReason, UnwindReason};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn customer(name: &str) -> CustomerId {
    name.parse().unwrap()
}

fn memo() -> Option<Memo> {
    Some("a secret of somebody else".parse().unwrap())
}

fn details(actor: &str) -> TransferDetails {
    TransferDetails {
        transfer_id: TransferId(Uuid::from_u128(1)),
        from_account_id: AccountId(Uuid::from_u128(2)),
        to_account_id: AccountId(Uuid::from_u128(3)),
        money: Money { amount: Amount::try_from(5).unwrap(), currency: "USD".parse::<Currency>().unwrap() },
        memo: None,
        actor: Some(Actor::try_from(actor.to_owned()).unwrap()),
        deadline: at(),
        reversal_of: None,
        bulk_id: None,
        order_id: None,
    }
}

/// Every kind of event that can follow a creation, with everything in it that may be.
fn later(actor: &str, source: Option<&str>, target: Option<&str>) -> Vec<TransferEvent> {
    use TransferEvent as Event;
    let transfer = || details(actor);
    let (reason, pending) = (RefusalReason::InsufficientFunds, PendingStep::Debit);
    vec![
        Event::DebitRecorded { transfer: transfer(), owner: source.map(customer) },
        Event::CreditRecorded { transfer: transfer(), owner: target.map(customer) },
        Event::CreditRejectionRecorded { transfer: transfer(), reason },
        Event::MoneyTransferFailed { transfer: transfer(), reason },
        Event::CancellationRequested { transfer: transfer(), reason: memo(), at: at() },
        Event::CancellationRefundStarted { transfer: transfer() },
        Event::MoneyTransferCancelled { transfer: transfer() },
        Event::DeadlinePassed { transfer: transfer(), pending, attempt: 1, next_check_at: at() },
        Event::InterventionRecorded {
            transfer: transfer(),
            pending,
            intervention: Intervention::Retry,
            operator: Some("operator:ada".parse().unwrap()),
            reason: memo(),
            at: at(),
        },
        Event::ReversalStarted { reversal: transfer(), reason: memo(), at: at() },
        Event::ReversalFailed { reversal_id: TransferId(Uuid::nil()), reason: UnwindReason::Cancelled },
        Event::ReversalCompleted { reversal_id: TransferId(Uuid::nil()) },
    ]
}

const PEOPLE: [&str; 4] = ["ada", "bob", "cyd", "mallory"];

proptest! {
    /// Whatever happens to a transfer, in whatever order: whoever is told of it may see it then, and nobody else.
    #[test]
    fn a_customer_hears_of_what_they_may_see(
        actor in prop::sample::select(vec!["ada", "mallory", "operator:olga"]),
        source in prop::option::of(prop::sample::select(PEOPLE.to_vec())),
        target in prop::option::of(prop::sample::select(PEOPLE.to_vec())),
        order in prop::collection::vec(0..12_usize, 0..8),
    ) {
        let created = TransferEvent::MoneyTransferCreated { transfer: details(actor), at: at() };
        let later = later(actor, source, target);
        let (mut transfer, mut parties) = (MoneyTransfer::default(), Parties::default());
        for event in std::iter::once(&created).chain(order.iter().map(|place| &later[*place])) {
            transfer = transfer.evolve(event);
            parties = parties.after(event);
            for person in PEOPLE {
                let may_see = transfer.created().unwrap().is_visible_to(&customer(person).into());
                let hears = parties.all().iter().any(|owner| owner.as_str() == person);
                prop_assert_eq!(hears, may_see, "{} after {:?}", person, event);
            }
            prop_assert!(!parties.all().iter().any(|owner| owner.as_str().starts_with("operator")));
        }
    }
}

#[test]
fn a_party_is_not_told_who_else_acts_and_why() {
    for event in later("ada", Some("ada"), Some("bob")) {
        let told = serde_json::to_string(&told_to_party(event)).unwrap();
        for secret in ["ada", "bob", "a secret of somebody else", "actor", "owner"] {
            assert!(!told.contains(secret), "{secret} in {told}");
        }
    }
}

#[test]
fn an_owner_is_not_told_why_the_bank_acts() {
    let frozen = AccountEvent::AccountFrozen { reason: memo(), by_owner: false, at: at() };
    let told = serde_json::to_string(&told_to_owner(frozen)).unwrap();
    assert!(!told.contains("a secret"), "{told}");
}

/// A credit that was refused has not reached its recipient, and a debit may be what a stranger tried.
#[test]
fn an_account_says_nothing_of_transfers_that_it_refused() {
    let (transfer_id, reason) = (TransferId(Uuid::nil()), RefusalReason::AccountNotFound);
    assert_eq!(told_to_owner(AccountEvent::AccountCreditRejected { transfer_id, reason }), None);
    assert_eq!(told_to_owner(AccountEvent::AccountDebitRejected { transfer_id, reason }), None);
}

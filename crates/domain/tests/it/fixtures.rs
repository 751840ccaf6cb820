//! The cast of the tests: Alice's account pays Bob's, in US dollars, on New Year's Day.

use chrono::{DateTime, TimeDelta, Utc};
use domain::account::AccountEvent;
use domain::bulk_transfer::{BulkDetails, BulkLine};
use domain::ids::{AccountId, BulkId, HoldId, OrderId, TransferId};
use domain::money::{Amount, AmountOrZero, Balance, Currency, Money};
use domain::text::{Actor, CustomerId, Memo, Title};
use domain::transfer::{RefusalReason, TransferDetails};
use uuid::Uuid;

pub(crate) const ALICES: AccountId = AccountId(Uuid::from_u128(0xA11CE));
pub(crate) const BOBS: AccountId = AccountId(Uuid::from_u128(0xB0B));
pub(crate) const TRANSFER: TransferId = TransferId(Uuid::from_u128(0x7));

pub(crate) const BULK: BulkId = BulkId(Uuid::from_u128(0xB01C));

pub(crate) const ORDER: OrderId = OrderId(Uuid::from_u128(0xD1));

pub(crate) const HOLD: HoldId = HoldId(Uuid::from_u128(0x401D));

/// So many minutes after noon.
pub(crate) fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_268_800, 0).expect("1 January 2026, noon") + TimeDelta::minutes(minutes)
}

pub(crate) fn noon() -> DateTime<Utc> {
    at(0)
}

/// When a transfer of the tests is out of time.
pub(crate) fn deadline() -> DateTime<Utc> {
    at(10)
}

pub(crate) fn currency(code: &str) -> Currency {
    code.parse().expect("a currency")
}

pub(crate) fn amount(minor_units: u64) -> Amount {
    Amount::new(minor_units).expect("an amount")
}

/// Of whatever integer is at hand.
pub(crate) fn balance(minor_units: impl TryInto<i64>) -> Balance {
    let minor_units = minor_units.try_into().ok();
    minor_units.and_then(|minor_units| Balance::new(minor_units).ok()).expect("a balance")
}

pub(crate) fn amount_or_zero(minor_units: u64) -> AmountOrZero {
    AmountOrZero::new(minor_units).expect("an amount or zero")
}

pub(crate) fn usd(minor_units: u64) -> Money {
    Money::new(amount(minor_units), currency("USD"))
}

pub(crate) fn eur(minor_units: u64) -> Money {
    Money::new(amount(minor_units), currency("EUR"))
}

pub(crate) fn memo(text: &str) -> Memo {
    text.parse().expect("a memo")
}

pub(crate) fn alice() -> CustomerId {
    "alice".parse().expect("a customer id")
}

pub(crate) fn bob() -> CustomerId {
    "bob".parse().expect("a customer id")
}

pub(crate) fn operator() -> Actor {
    actor("operator:olive")
}

pub(crate) fn actor(name: &str) -> Actor {
    name.parse().expect("an actor")
}

pub(crate) fn title() -> Title {
    "Household".parse().expect("a title")
}

/// A transfer from Alice's account to Bob's, asked for by Alice.
pub(crate) fn transfer(money: Money) -> TransferDetails {
    TransferDetails {
        transfer_id: TRANSFER,
        from_account_id: ALICES,
        to_account_id: BOBS,
        money,
        memo: Some(memo("Rent")),
        actor: Some(actor("alice")),
        deadline: deadline(),
        reversal_of: None,
        bulk_id: None,
        order_id: None,
    }
}

/// A bulk transfer from Alice's account, asked for by Alice: so many cents each to Bob's.
pub(crate) fn bulk(cents: &[u64]) -> BulkDetails {
    BulkDetails {
        bulk_id: BULK,
        from_account_id: ALICES,
        currency: currency("USD"),
        lines: cents.iter().enumerate().map(|(place, cents)| line(place, *cents)).collect(),
        actor: Some(actor("alice")),
        deadline: deadline(),
    }
}

/// The line at `place` of a bulk transfer: so many cents to Bob.
pub(crate) fn line(place: usize, cents: u64) -> BulkLine {
    BulkLine::at(BULK, place, BOBS, amount(cents), Some(memo("Wages")))
}

pub(crate) fn lines_debited(cents: &[u64], after: impl TryInto<i64>) -> AccountEvent {
    AccountEvent::AccountLinesDebited {
        bulk_id: BULK,
        owner: alice(),
        from_account_id: ALICES,
        currency: currency("USD"),
        lines: bulk(cents).lines,
        balance: balance(after),
        at: noon(),
    }
}

pub(crate) fn lines_debit_rejected(reason: RefusalReason) -> AccountEvent {
    AccountEvent::AccountLinesDebitRejected { bulk_id: BULK, reason }
}

/// Alice's account just opened, in US dollars.
pub(crate) fn opened() -> AccountEvent {
    AccountEvent::AccountOpened {
        account_id: ALICES,
        customer_id: alice(),
        title: title(),
        currency: currency("USD"),
        at: noon(),
    }
}

/// A first deposit of so many cents.
pub(crate) fn deposited(cents: u64) -> AccountEvent {
    AccountEvent::AccountDeposited { money: usd(cents), memo: None, balance: balance(cents), at: noon() }
}

pub(crate) fn frozen() -> AccountEvent {
    AccountEvent::AccountFrozen { reason: None, by_owner: false, at: noon() }
}

pub(crate) fn unfrozen() -> AccountEvent {
    AccountEvent::AccountUnfrozen { reason: None, at: noon() }
}

pub(crate) fn closed() -> AccountEvent {
    AccountEvent::AccountClosed { reason: None, at: noon() }
}

/// A hold of so many cents until ten past twelve, placed by Alice.
pub(crate) fn hold_placed(hold_id: HoldId, cents: u64) -> AccountEvent {
    AccountEvent::HoldPlaced {
        hold_id,
        money: usd(cents),
        memo: Some(memo("Hotel")),
        by_owner: true,
        expires_at: at(10),
        at: noon(),
    }
}

pub(crate) fn hold_expired(hold_id: HoldId, cents: u64) -> AccountEvent {
    AccountEvent::HoldExpired { hold_id, money: usd(cents), at: at(10) }
}

pub(crate) fn debited(cents: u64, after: impl TryInto<i64>) -> AccountEvent {
    AccountEvent::AccountDebited {
        transfer_id: TRANSFER,
        owner: Some(alice()),
        from_account_id: ALICES,
        to_account_id: BOBS,
        money: usd(cents),
        memo: Some(memo("Rent")),
        balance: balance(after),
        at: noon(),
    }
}

pub(crate) fn credited(cents: u64, after: u64) -> AccountEvent {
    AccountEvent::AccountCredited {
        transfer_id: TRANSFER,
        owner: Some(alice()),
        from_account_id: ALICES,
        to_account_id: BOBS,
        money: usd(cents),
        memo: Some(memo("Rent")),
        balance: balance(after),
        at: noon(),
    }
}

pub(crate) fn debit_reversed(cents: u64, after: u64) -> AccountEvent {
    AccountEvent::AccountDebitReversed {
        transfer_id: TRANSFER,
        money: usd(cents),
        reason: RefusalReason::AccountClosed.into(),
        balance: balance(after),
        at: noon(),
    }
}

pub(crate) fn debit_rejected(reason: RefusalReason) -> AccountEvent {
    AccountEvent::AccountDebitRejected { transfer_id: TRANSFER, reason }
}

pub(crate) fn credit_rejected(reason: RefusalReason) -> AccountEvent {
    AccountEvent::AccountCreditRejected { transfer_id: TRANSFER, reason }
}

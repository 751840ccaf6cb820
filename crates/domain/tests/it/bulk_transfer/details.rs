//! What a bulk transfer says it moves.

use domain::account::AccountEvent;
use domain::bulk_transfer::{BulkLine, MAX_LINES, balances_after, total};
use domain::event::encode;
use domain::money::MAX_MINOR_UNITS;
use domain::text::Memo;

use crate::fixtures::*;

#[test]
fn the_total_is_checked() {
    let total = |cents: &[u64]| total(&bulk(cents).lines);
    assert_eq!(total(&[30, 20]), Some(amount(50)));
    assert_eq!(total(&[MAX_MINOR_UNITS - 1, 1]), Some(amount(MAX_MINOR_UNITS)));
    assert_eq!(total(&[MAX_MINOR_UNITS, 1]), None);
    assert_eq!(total(&[MAX_MINOR_UNITS; 100]), None);
    assert_eq!(total(&[]), None);
}

#[test]
fn told_one_by_one_the_lines_lead_from_one_balance_to_the_other() {
    assert_eq!(
        balances_after(&bulk(&[30, 20, 5]).lines, balance(45)),
        [balance(70), balance(50), balance(45)]
    );
    assert_eq!(balances_after(&bulk(&[30, 20]).lines, balance(-10)), [balance(10), balance(-10)]);
    assert_eq!(balances_after(&[], balance(45)), []);
}

#[test]
fn lines_become_transfers_of_their_own() {
    let bulk = bulk(&[30, 30]);
    let [one, other] = [0, 1].map(|place| bulk.transfer_of(&bulk.lines[place]));
    assert_ne!(one.transfer_id, other.transfer_id);
    assert_eq!((one.from_account_id, one.to_account_id, one.money), (ALICES, BOBS, usd(30)));
    assert_eq!((one.actor, one.deadline, one.bulk_id), (bulk.actor.clone(), deadline(), Some(BULK)));
}

/// A message may have a megabyte, with its headers.
#[test]
fn the_largest_event_is_far_below_what_a_message_may_have() {
    let memo: Memo = "\u{10FFFF}".repeat(Memo::MAX_CHARS).parse().expect("a memo");
    let lines = (0..MAX_LINES)
        .map(|place| BulkLine::at(BULK, place, BOBS, amount(MAX_MINOR_UNITS), Some(memo.clone())));
    let debited = AccountEvent::AccountLinesDebited {
        bulk_id: BULK,
        owner: alice(),
        from_account_id: ALICES,
        currency: currency("USD"),
        lines: lines.collect(),
        balance: balance(0),
        at: noon(),
    };
    let bytes = encode(&debited).expect("an event encodes").payload.as_str().len();
    assert!(bytes < 1_000_000 / 9, "{bytes} bytes");
}

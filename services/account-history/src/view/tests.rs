//! The folds by themselves: which version does what, and which transfers stand in a document.

use chrono::{DateTime, Duration, Utc};
use domain::event::encode;
use domain::ids::{AccountId, TransferId};
use domain::money::{Amount, Money};
use domain::transfer::{RefusalReason, TransferDetails, TransferEvent, TransferStatus};
use event_store::{CommitId, Metadata, RecordedEvent, StreamId, Version};
use uuid::Uuid;

use super::*;

fn noon() -> DateTime<Utc> {
    "2026-01-31T12:00:00Z".parse().unwrap()
}

fn details(id: u128) -> TransferDetails {
    TransferDetails {
        transfer_id: TransferId(Uuid::from_u128(id)),
        from_account_id: AccountId(Uuid::from_u128(1)),
        to_account_id: AccountId(Uuid::from_u128(2)),
        money: Money::new(Amount::new(5).unwrap(), "EUR".parse().unwrap()),
        memo: None,
        actor: None,
        deadline: noon() + Duration::hours(1),
        reversal_of: None,
        bulk_id: None,
        order_id: None,
    }
}

fn recorded(id: u128, version: i64, event: &TransferEvent) -> RecordedEvent {
    let encoded = encode(event).unwrap();
    RecordedEvent {
        stream: StreamId::new("transfer", Uuid::from_u128(id)),
        version: Version(version),
        event_id: Uuid::from_u128(id),
        event_type: encoded.event_type,
        schema_version: encoded.schema_version,
        payload: encoded.payload,
        metadata: Metadata::default(),
        command_id: Uuid::nil(),
        recorded_at: noon() + Duration::seconds(version),
        commit_id: CommitId(1),
        ordinal: 0,
    }
}

fn created(id: u128, at: DateTime<Utc>) -> TransferDocument {
    let event = TransferEvent::MoneyTransferCreated { transfer: details(id), at };
    let mut document = None;
    assert_eq!(fold_transfer(&mut document, &recorded(id, 1, &event), &event), Folded::Applied(()));
    document.unwrap()
}

#[test]
fn the_version_alone_decides() {
    assert_eq!(guard(Version(3), Version(2)), Folded::Seen);
    assert_eq!(guard(Version(3), Version(3)), Folded::Seen);
    assert_eq!(guard(Version(3), Version(4)), Folded::Applied(()));
    assert_eq!(guard(Version(3), Version(5)), Folded::Gap { last_seen: Version(3) });
    assert_eq!(guard(Version(i64::MAX), Version(i64::MAX)), Folded::Seen);
}

/// Rows are kept as they were written, so that what came later must not be needed to read them.
#[test]
fn a_row_and_a_document_of_before_there_were_holds_are_still_readable() {
    let row = r#"{"accountId":"00000000-0000-0000-0000-000000000001","version":2,"at":"2026-01-31T12:00:00Z",
        "state":"open","balance":5}"#;
    let row: Moment = serde_json::from_str(row).unwrap();
    assert_eq!(row.terms, None);
    let document = r#"{"id":"00000000-0000-0000-0000-000000000001","version":2,"transfers":[],"changes":[],
        "updatedAt":"2026-01-31T12:00:00Z","account":{"accountId":"00000000-0000-0000-0000-000000000001",
        "owner":"ada","title":"Daily","currency":"EUR","balance":5,"status":"open","frozenByOwner":false,
        "openedAt":"2026-01-31T12:00:00Z"}}"#;
    let document: AccountDocument = serde_json::from_str(document).unwrap();
    let view = document.view().unwrap();
    assert_eq!(view.terms, TermsView::plain(view.balance));
}

#[test]
fn a_transfer_begins_with_its_creation() {
    let event = TransferEvent::DebitRecorded { transfer: details(7), owner: None };
    let mut document = None;
    assert!(matches!(fold_transfer(&mut document, &recorded(7, 1, &event), &event), Folded::Unfit(_)));
    assert_eq!(document, None);
}

#[test]
fn a_transfer_s_past_can_be_read() {
    let mut document = Some(created(7, noon()));
    let reason = RefusalReason::InsufficientFunds;
    let failed = TransferEvent::MoneyTransferFailed { transfer: details(7), reason };
    fold_transfer(&mut document, &recorded(7, 2, &failed), &failed);
    let document = document.unwrap();
    let state_at =
        |seconds| document.as_of(noon() + Duration::seconds(seconds)).map(|then| (then.state, then.reason));
    assert_eq!(state_at(-1), None);
    assert_eq!(state_at(0), Some((TransferStatus::Initial, None)));
    assert_eq!(state_at(1), Some((TransferStatus::Initial, None)));
    assert_eq!(state_at(2), Some((TransferStatus::Failed, Some(reason))));
}

#[test]
fn the_newest_transfers_stand_in_the_document_in_whatever_order_they_come() {
    let transfers: Vec<TransferView> = (0..60_u128)
        // Two were created at each moment.
        .map(|id| created(id, noon() + Duration::seconds(i64::try_from(id / 2).unwrap())).transfer)
        .collect();
    let ids = |order: &mut dyn Iterator<Item = usize>| {
        let mut document = AccountDocument::new(AccountId(Uuid::from_u128(1)));
        for index in order {
            merge_transfer(&mut document, &transfers[index]);
        }
        document.transfers.iter().map(|transfer| transfer.transfer_id.0.as_u128()).collect::<Vec<_>>()
    };
    let newest: Vec<u128> = (40..60).rev().collect();
    assert_eq!(ids(&mut (0..60)), newest);
    assert_eq!(ids(&mut (0..60).rev()), newest);
    // 37 and 60 have no common divisor, so every transfer comes once.
    assert_eq!(ids(&mut (0..60).map(|index| index * 37 % 60)), newest);
}

#[test]
fn a_transfer_in_the_document_is_replaced_by_a_later_version_only() {
    let mut document = AccountDocument::new(AccountId(Uuid::from_u128(1)));
    let first = created(7, noon()).transfer;
    let second = TransferView { version: Version(2), state: TransferStatus::Debited, ..first.clone() };
    assert!(merge_transfer(&mut document, &second));
    assert!(!merge_transfer(&mut document, &first));
    assert!(!merge_transfer(&mut document, &second));
    assert_eq!(document.transfers, [second]);
}

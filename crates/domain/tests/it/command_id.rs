//! Derived ids.

use std::collections::HashSet;

use chrono::NaiveDate;
use domain::command_id::{
    BulkStep, Step, bulk_step_command_id, hold_expiry_command_id, line_transfer_id, order_erasure_command_id,
    order_transfer_id, reversal_transfer_id, step_command_id,
};
use domain::ids::{HoldId, OrderId, TransferId};
use uuid::Uuid;

use crate::fixtures::{BULK, HOLD, ORDER, TRANSFER};

#[test]
fn the_same_step_of_the_same_transfer_has_the_same_id_for_ever() {
    assert_eq!(step_command_id(TRANSFER, Step::Debit).to_string(), "f419d097-a9d6-5e92-82b6-d3036227069d");
    assert_eq!(reversal_transfer_id(TRANSFER, 1).to_string(), "4f5d9e2f-8a83-54cd-9a2d-761dfd661973");
}

#[test]
fn the_expiry_of_the_same_hold_has_the_same_id_for_ever() {
    assert_eq!(hold_expiry_command_id(HOLD).to_string(), "218a9b61-8015-5579-8d09-cb9e78a86d82");
    let another = HoldId(Uuid::from_u128(0x8));
    assert_ne!(hold_expiry_command_id(another), hold_expiry_command_id(HOLD));
}

#[test]
fn a_due_date_of_the_same_order_has_the_same_transfer_for_ever() {
    let due = NaiveDate::from_ymd_opt(2026, 1, 31).expect("a date");
    assert_eq!(order_transfer_id(ORDER, due).to_string(), "660a2201-b252-58eb-bbd8-bb86c8697ed2");
    assert_eq!(order_erasure_command_id(ORDER).to_string(), "194f3d78-cf90-5979-b43d-f616c4b1b27e");
    let another = OrderId(Uuid::from_u128(0xD2));
    assert_ne!(order_transfer_id(another, due), order_transfer_id(ORDER, due));
    assert_ne!(order_transfer_id(ORDER, due.succ_opt().expect("a date")), order_transfer_id(ORDER, due));
}

#[test]
fn different_steps_attempts_and_transfers_have_different_ids() {
    let transfers = [TRANSFER, TransferId(Uuid::from_u128(0x8))];
    let ids: Vec<Uuid> = transfers
        .into_iter()
        .flat_map(|transfer| {
            let steps = Step::ALL.iter().map(move |step| step_command_id(transfer, *step));
            let reversals = (1..=3).map(move |attempt| reversal_transfer_id(transfer, attempt).0);
            steps.chain(reversals)
        })
        .collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
}

#[test]
fn the_steps_and_lines_of_a_bulk_transfer_have_ids_of_their_own() {
    let steps = BulkStep::ALL.iter().map(|step| bulk_step_command_id(BULK, *step));
    let lines = (0..100).map(|place| line_transfer_id(BULK, place).0);
    let ids: Vec<Uuid> = steps.chain(lines).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    assert_eq!(ids, ids.clone());
}

//! Derived ids.

use std::collections::HashSet;

use domain::command_id::{Step, deadline_command_id, reversal_transfer_id, step_command_id};
use domain::ids::TransferId;
use uuid::Uuid;

use crate::fixtures::TRANSFER;

#[test]
fn the_same_step_of_the_same_transfer_has_the_same_id_for_ever() {
    assert_eq!(step_command_id(TRANSFER, Step::Debit).to_string(), "GOLD1");
    assert_eq!(deadline_command_id(TRANSFER, 1).to_string(), "GOLD2");
    assert_eq!(reversal_transfer_id(TRANSFER, 1).to_string(), "GOLD3");
}

#[test]
fn different_steps_attempts_and_transfers_have_different_ids() {
    let transfers = [TRANSFER, TransferId(Uuid::from_u128(0x8))];
    let ids: Vec<Uuid> = transfers
        .into_iter()
        .flat_map(|transfer| {
            let steps = Step::ALL.iter().map(move |step| step_command_id(transfer, *step));
            let deadlines = (1..=3).map(move |attempt| deadline_command_id(transfer, attempt));
            let reversals = (1..=3).map(move |attempt| reversal_transfer_id(transfer, attempt).0);
            steps.chain(deadlines).chain(reversals)
        })
        .collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
}

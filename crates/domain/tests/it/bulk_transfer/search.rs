//! Every reachable state of a bulk transfer of two lines, under messages that come in any order and any number of times,
//! crashes between the lines, a deadline that passes at any moment, and a lost message.
//!
//! To handle a message twice meets the first time's command ids and leads to the same state, so that repetitions need no
//! steps of their own. Two planted bugs show that the search can fail.

mod world;

use std::collections::HashSet;

use domain::bulk_transfer::BulkStatus;
use domain::transfer::TransferStatus;

use self::world::{Sabotage, World};

/// Walks to every reachable state; the first rule that is broken, or how many states there are.
fn search(start: World) -> Result<usize, String> {
    let mut seen = HashSet::from([start.key()]);
    let mut left = vec![start];
    while let Some(world) = left.pop() {
        world.money_is_conserved()?;
        world.lines_leave_together()?;
        let here = world.key();
        let next: Vec<World> = world.steps()?.into_iter().filter(|next| next.key() != here).collect();
        if next.is_empty() {
            everything_has_ended(&world)?;
        }
        left.extend(next.into_iter().filter(|next| seen.insert(next.key())));
    }
    Ok(seen.len())
}

/// Nothing is left to be done: what was debited has arrived or is back, line by line.
fn everything_has_ended(world: &World) -> Result<(), String> {
    let bulk = world.bulk();
    let bulk = bulk.created().filter(|bulk| bulk.is_done()).ok_or("the bulk transfer is not done")?;
    let ends = world.transfers().map(|transfer| transfer.status());
    let arrived = match (bulk.status(), ends) {
        (BulkStatus::Failed, [None, None]) => 0,
        (BulkStatus::Debited, [Some(to_bob), Some(TransferStatus::Failed)]) => match to_bob {
            TransferStatus::Completed => 30,
            TransferStatus::Failed => 0,
            other => return Err(format!("the first line is `{other}`")),
        },
        other => return Err(format!("it ended as {other:?}")),
    };
    let held = world.balances();
    if held == [100 - arrived, arrived, 0] { Ok(()) } else { Err(format!("the accounts hold {held:?}")) }
}

#[test]
fn every_order_of_messages_ends_well() {
    for deposit in [100, 49] {
        for loses_the_debits_record in [false, true] {
            let world = World::of(deposit, loses_the_debits_record, Sabotage::None);
            // What is too little is refused, whatever the order.
            let states = if deposit < 50 { search_refused(world) } else { search(world) };
            assert!(states.is_ok_and(|states| states > 5));
        }
    }
}

fn search_refused(start: World) -> Result<usize, String> {
    let mut seen = HashSet::from([start.key()]);
    let mut left = vec![start];
    while let Some(world) = left.pop() {
        if world.balances() != [49, 0, 0] {
            return Err(format!("the accounts hold {:?}", world.balances()));
        }
        left.extend(world.steps()?.into_iter().filter(|next| seen.insert(next.key())));
    }
    Ok(seen.len())
}

#[test]
fn lines_that_are_debited_once_more_are_found() {
    let found = search(World::of(100, false, Sabotage::DebitsLinesAgain)).expect_err("a broken rule");
    assert!(found.contains("debited by itself") || found.contains("cannot come now"), "{found}");
}

#[test]
fn giving_up_under_another_command_id_is_found() {
    let found = search(World::of(100, false, Sabotage::GivesUpUnderAnotherId)).expect_err("a broken rule");
    assert!(found.contains("answered twice") || found.contains("cannot come now"), "{found}");
}

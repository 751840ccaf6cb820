//! The transfers service away past due dates, killed at its sweeper, and twice at once, on real servers.

use chrono::{TimeDelta, Utc};

use super::*;
use crate::stage::processes::Processes;
use crate::stage::verified;

/// Orders that are due in so many seconds, one each.
async fn orders_due_in(bank: &Bank, from: &str, to: &str, seconds: &[i64]) -> Vec<String> {
    let mut orders = Vec::new();
    for seconds in seconds {
        orders.push(bank.order(from, to, 10, due_in(*seconds)).await.expect(201).id());
    }
    orders
}

async fn all_carried_out_once(processes: &Processes, orders: &[String]) {
    let bank = processes.bank();
    for id in orders {
        let shown = bank.carried_out(id, 1).await;
        assert_eq!(shown.body["transfers"][0]["state"], "completed");
    }
    let sources = processes.sources().await;
    verified(&sources).await;
    assert_eq!(came_due(&sources, orders).await.len(), orders.len());
    assert_eq!(transfers_of(&sources, orders).await, orders.len());
    sources.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_due_while_the_transfers_service_was_away_is_carried_out_once() {
    let mut processes = Processes::start(&[]).await;
    let bank = processes.bank();
    let (from, to) = (bank.open(1_000).await, bank.open(0).await);
    let orders = orders_due_in(&bank, &from, &to, &[3, 4, 5, 6]).await;
    let all_due = Utc::now() + TimeDelta::seconds(8);
    processes.kill("transfers");
    eventually(|| std::future::ready(if Utc::now() > all_due { Ok(()) } else { Err("not due yet") })).await;

    processes.start_missing(&[]);

    all_carried_out_once(&processes, &orders).await;
    processes.bank().balance_becomes(&to, 40).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweeper_killed_after_it_recorded_a_due_date() {
    let mut processes = Processes::start(&[]).await;
    let bank = processes.bank();
    let (from, to) = (bank.open(1_000).await, bank.open(0).await);
    let orders = orders_due_in(&bank, &from, &to, &[12, 12, 12, 13, 13, 14]).await;
    processes.kill("transfers");
    processes.start_missing(&[("transfers", "transfers.after_due_date:2")]);
    let victim = std::cell::RefCell::new(processes.process("transfers").take().expect("it was started"));
    eventually(|| async { victim.borrow_mut().ended().ok_or("it still runs: the place was never passed") })
        .await;

    processes.start_missing(&[]);

    all_carried_out_once(&processes, &orders).await;
    processes.bank().balance_becomes(&to, 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sweepers_at_once_are_as_one() {
    let fast = [("transfers", "sweep_interval=20ms")];
    let processes = Processes::start(&fast).await;
    let another = processes.another_transfers();
    let bank = processes.bank();
    let (from, to) = (bank.open(1_000).await, bank.open(0).await);
    let orders = orders_due_in(&bank, &from, &to, &[3; 40]).await;

    all_carried_out_once(&processes, &orders).await;
    processes.bank().balance_becomes(&to, 400).await;
    drop(another);
}

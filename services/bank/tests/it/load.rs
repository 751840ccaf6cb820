//! Many transfers at once, in both directions, and the money watched all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::stream::{self, StreamExt};

use crate::client::Bank;
use crate::on_both_shapes;
use crate::stage::Stage;

on_both_shapes! {
    two_hundred_transfers_over_twenty_accounts,
}

const ACCOUNTS: usize = 20;
const TRANSFERS: usize = 200;
const EACH: u64 = 1_000;

async fn two_hundred_transfers_over_twenty_accounts(stage: Stage) {
    let bank = &stage.bank().clone();
    let accounts: Vec<String> = stream::iter(0..ACCOUNTS).then(|_| bank.open(EACH)).collect().await;
    let stage = Arc::new(stage);
    let done = Arc::new(AtomicBool::new(false));

    let watch = tokio::spawn({
        let (stage, done) = (Arc::clone(&stage), Arc::clone(&done));
        async move {
            let mut polls = 0_u32;
            while !done.load(Ordering::Relaxed) {
                stage.assert_money_conserved().await;
                polls += 1;
            }
            polls
        }
    });
    // Amounts from 1 to 900 over accounts of 1000: some of the transfers must be refused.
    let ended: Vec<String> = stream::iter(0..TRANSFERS)
        .map(|number| {
            let (from, to) = pair(number);
            let amount = 1 + (number as u64 * 37) % 900;
            let (bank, from, to) = (bank.clone(), accounts[from].clone(), accounts[to].clone());
            async move { bank.transfer(&from, &to, amount).await.state().to_owned() }
        })
        .buffer_unordered(TRANSFERS)
        .collect()
        .await;
    done.store(true, Ordering::Relaxed);
    let polls = watch.await.expect("every snapshot conserves the money");

    assert!(polls > 0, "the snapshots ran while the transfers did");
    assert_eq!(ended.len(), TRANSFERS);
    assert!(ended.iter().all(|state| state == "completed" || state == "failed"), "{ended:?}");
    test_support::eventually(|| total_is(bank, &accounts, EACH * ACCOUNTS as u64)).await;
    let stage = Arc::into_inner(stage).expect("the watcher has ended");
    stage.assert_verified().await;
    stage.end().await;
}

/// Pairs in both directions: 0→1, 1→0, 1→2, 2→1, …
fn pair(number: usize) -> (usize, usize) {
    let from = (number / 2) % ACCOUNTS;
    let to = (from + 1) % ACCOUNTS;
    if number.is_multiple_of(2) { (from, to) } else { (to, from) }
}

async fn total_is(bank: &Bank, accounts: &[String], expected: u64) -> Result<(), u64> {
    let mut total = 0;
    for account in accounts {
        let document = bank.get(&format!("/v1/accounts/{account}")).await;
        total += document.body["balance"].as_u64().unwrap_or_default();
    }
    if total == expected { Ok(()) } else { Err(total) }
}

//! How long each stage of a transfer takes, as `/metrics` tells it.

use tempfile::TempDir;
use test_support::eventually;

use super::send;
use crate::client::Bank;
use crate::crash::{start_bank, tokens_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_stage_of_a_transfer_is_measured() {
    let dir = TempDir::new().expect("a folder");
    let service = start_bank(dir.path(), None);
    let bank = Bank::at(&service.url, tokens_in(dir.path()));

    let (_, target) = send(&bank).await;
    bank.balance_becomes(&target, 5_500).await;

    let mut stages: Vec<String> = ["accounts", "transfers", "account-history", "webhooks"]
        .map(|reader| format!("bank_subscription_delay_seconds_count{{subscription=\"{reader}\"}} "))
        .into();
    for source in ["/bank/accounts", "/bank/transfers"] {
        stages.push(format!("bank_relay_delay_seconds_count{{source=\"{source}\"}} "));
        stages.push(format!("bank_outbox_pending{{source=\"{source}\"}} "));
        stages.push(format!("bank_outbox_oldest_age_seconds{{source=\"{source}\"}} "));
    }
    stages.push("bank_transfer_duration_seconds_count{outcome=\"completed\"} 1".to_owned());
    eventually(|| async {
        let metrics = bank.get("/metrics").await;
        let metrics = metrics.body.as_str().unwrap_or_default().to_owned();
        match stages.iter().find(|stage| !metrics.contains(stage.as_str())) {
            None => Ok(()),
            Some(missing) => Err(format!("no {missing} in {metrics}")),
        }
    })
    .await;
}

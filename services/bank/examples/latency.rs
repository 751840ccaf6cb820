//! How long a transfer takes through an idle bank, from the request to its end.
//!
//! `cargo run --release -p bank --example latency` measures an embedded bank of its own;
//! `… -- --url http://127.0.0.1:8090` measures the bank that runs there. Sequential transfers, bounded in number.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::time::{Duration, Instant};

use anyhow::Context;
use bank::config::Config;
use clap::Parser;
use reqwest::Client;
use serde_json::{Value, json};
use service_kit::Tasks;
use service_kit::identity::Subject;
use service_kit::settings::{CommonArgs, ServerSettings, TokenSettings, load};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Longer than the measurement.
const LIFETIME: Duration = Duration::from_secs(3600);

/// Measures transfers, one after the other.
#[derive(Debug, Parser)]
struct Args {
    /// The bank to measure; without it an embedded bank in a temporary folder
    #[arg(long)]
    url: Option<String>,
    /// An operator's access token for that bank, as `bank token --operator NAME` prints it
    #[arg(long, env = "BANK_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// How many transfers are measured
    #[arg(long, default_value_t = 200)]
    count: usize,
    /// How many are made before, unmeasured
    #[arg(long, default_value_t = 20)]
    warm_up: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    match &args.url {
        Some(url) => {
            let token = args.token.as_deref().context("say who you are: --token or BANK_TOKEN")?;
            measure(url, token, &args).await
        }
        None => {
            let dir = tempfile::tempdir()?;
            let common = CommonArgs { data_dir: Some(dir.path().to_owned()), ..CommonArgs::default() };
            let config: Config = load(bank::config::DEFAULTS, &common, std::iter::empty())?;
            let tokens = TokenSettings { lifetime: LIFETIME.into(), ..config.tokens() };
            let token = bank::token::issue(tokens, Subject::operator("latency")?)?;
            let tasks = Tasks::new();
            let app = bank::start(config, tasks.clone()).await?;
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let url = format!("http://{}", listener.local_addr()?);
            let stop = CancellationToken::new();
            let settings = ServerSettings::default();
            let measured = async {
                let outcome = measure(&url, token.expose(), &args).await;
                stop.cancel();
                outcome
            };
            let (served, measured) =
                tokio::join!(service_kit::host(listener, app, &settings, tasks, stop.clone()), measured);
            served?;
            measured
        }
    }
}

async fn measure(url: &str, token: &str, args: &Args) -> anyhow::Result<()> {
    let http = bank::token::client(token)?;
    let (from, to) = (open(&http, url, 1_000_000_000).await?, open(&http, url, 0).await?);
    let mut accepted = Vec::new();
    let mut completed = Vec::new();
    for number in 0..args.warm_up + args.count {
        let body = json!({"fromAccountId": from, "toAccountId": to, "amount": 1, "currency": "USD"});
        let key = Uuid::now_v7().to_string();
        let request = http.post(format!("{url}/v1/transfers")).json(&body);
        // Every second one only asks to be accepted, so that both times are measured on the same bank.
        let wait = number % 2 == 0;
        let request = if wait { request.header("prefer", "wait=30") } else { request };
        let started = Instant::now();
        let answer: Value =
            request.header("idempotency-key", key).send().await?.error_for_status()?.json().await?;
        let taken = started.elapsed();
        if wait {
            anyhow::ensure!(answer["state"] == "completed", "{answer}");
        } else {
            ended(&http, url, &answer).await?;
        }
        if number >= args.warm_up {
            if wait { completed.push(taken) } else { accepted.push(taken) }
        }
    }
    println!("{} transfers one after the other against {url}", args.count);
    print("accepted (202)", &mut accepted);
    print("completed (Prefer: wait, 201)", &mut completed);
    Ok(())
}

/// Lets the bank come to rest before the next one is measured.
async fn ended(http: &Client, url: &str, transfer: &Value) -> anyhow::Result<()> {
    let id = transfer["id"].as_str().context("no id")?;
    loop {
        let now: Value =
            http.get(format!("{url}/v1/transfers/{id}")).send().await?.error_for_status()?.json().await?;
        if now["state"] == "completed" {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn open(http: &Client, url: &str, initial_balance: u64) -> anyhow::Result<String> {
    let body = json!({"customerId": "bench", "title": "Bench", "currency": "USD", "initialBalance": initial_balance});
    let answer: Value =
        http.post(format!("{url}/v1/accounts")).json(&body).send().await?.error_for_status()?.json().await?;
    answer["id"].as_str().map(str::to_owned).context("no id")
}

fn print(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1)));
    let shown = |percent| at(percent).map(|time| format!("{time:.1?}")).unwrap_or_default();
    println!(
        "{what:>30}: p50 {}, p95 {}, p99 {} ({} measured)",
        shown(50),
        shown(95),
        shown(99),
        times.len()
    );
}

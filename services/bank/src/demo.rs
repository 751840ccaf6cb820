//! `bank demo`: a bank of its own for a minute, with the event log as it goes.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use event_store::{RecordedEvent, SystemClock};
use reqwest::Client;
use serde_json::{Value, json};
use service_kit::identity::Subject;
use service_kit::settings::{CommonArgs, SecretUrl, ServerSettings};
use service_kit::{Failure, Tasks};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::cli::{print, settings};
use crate::config::Config;
use crate::parts::Parts;

/// How long the views may take to show what happened.
const PATIENCE_SECONDS: u64 = 10;

/// What `bank demo` may be told.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where its files lie; without it in a folder that is removed afterwards
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Runs the demo and prints it.
///
/// # Errors
/// When the bank cannot be started, or does not do what it should.
pub async fn run(args: DemoArgs) -> Result<ExitCode, Failure> {
    let temporary = tempfile::tempdir().map_err(Failure::start)?;
    let data_dir = args.data_dir.unwrap_or_else(|| temporary.path().join("data"));
    let common = CommonArgs { data_dir: Some(data_dir), ..CommonArgs::default() };
    // Files of its own, whatever stores the environment names: the demo never writes into somebody's bank.
    let nothing = SecretUrl::default;
    let config = Config {
        accounts_store: nothing(),
        transfers_store: nothing(),
        bus: nothing(),
        views: nothing(),
        ..settings(&common)?
    };
    let outcome = async {
        let parts = Parts::open(&config).await?;
        let tasks = Tasks::new();
        let app = crate::build(&config, &parts, std::sync::Arc::new(SystemClock), &tasks).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let stop = CancellationToken::new();
        let settings = ServerSettings::default();
        let server = service_kit::host(listener, app, &settings, tasks, stop.clone());
        let played = async {
            let outcome = Demo { http: client(&config)?, url, parts: parts.clone(), printed: 0 }.play().await;
            stop.cancel();
            outcome
        };
        let (served, played) = tokio::join!(server, played);
        parts.close().await;
        served?;
        played
    }
    .await;
    outcome.map_err(|error: anyhow::Error| Failure::start(format!("{error:#}")))?;
    Ok(ExitCode::SUCCESS)
}

/// Signed in as an operator, who may open accounts for customers.
fn client(config: &Config) -> anyhow::Result<Client> {
    let token = crate::token::issue(config.tokens(), Subject::operator("demo")?)?;
    crate::token::client(token.expose())
}

struct Demo {
    http: Client,
    url: String,
    parts: Parts,
    /// How many events of the log have been printed.
    printed: usize,
}

impl Demo {
    async fn play(mut self) -> anyhow::Result<()> {
        self.title("Ada opens an account with 100.00 USD; Charles opens one, and pays in 5.00")?;
        let ada = self.open("ada", 10_000).await?;
        let charles = self.open("charles", 0).await?;
        let money = json!({"amount": 500, "currency": "USD", "memo": "from the savings box"});
        self.post(&format!("/v1/accounts/{charles}/deposits"), money).await?;
        self.print_log().await?;

        self.title("Ada sends Charles 55.00 USD: it completes")?;
        let completed = self.transfer(&ada, &charles, 5_500, "rent").await?;
        self.print_log().await?;
        anyhow::ensure!(completed["state"] == "completed", "the transfer ended as {completed}");

        self.title("Ada sends Charles 500.00 USD: she has not got it, and nothing moves")?;
        let refused = self.transfer(&ada, &charles, 50_000, "a boat").await?;
        self.print_log().await?;
        anyhow::ensure!(refused["reason"] == "insufficient-funds", "the transfer ended as {refused}");

        self.title("The documents that the views show")?;
        for account in [&ada, &charles] {
            let document = self.settled_document(account).await?;
            print(&format!("{}\n", serde_json::to_string_pretty(&document)?))?;
        }
        Ok(())
    }

    fn title(&self, text: &str) -> anyhow::Result<()> {
        Ok(print(&format!("\n== {text}\n"))?)
    }

    async fn open(&self, customer: &str, initial_balance: u64) -> anyhow::Result<String> {
        let body = json!({
            "customerId": customer, "title": "Daily", "currency": "USD", "initialBalance": initial_balance,
        });
        let answer = self.post("/v1/accounts", body).await?;
        answer["id"].as_str().map(str::to_owned).with_context(|| format!("no id in {answer}"))
    }

    async fn transfer(&self, from: &str, to: &str, amount: u64, memo: &str) -> anyhow::Result<Value> {
        let body = json!({
            "fromAccountId": from, "toAccountId": to, "amount": amount, "currency": "USD", "memo": memo,
        });
        self.post("/v1/transfers", body).await
    }

    async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        let request = self.http.post(format!("{}{path}", self.url)).json(&body);
        let request =
            request.header("idempotency-key", Uuid::now_v7().to_string()).header("prefer", "wait=10");
        let response = request.send().await?;
        let (status, answer) = (response.status(), response.json::<Value>().await?);
        anyhow::ensure!(status.is_success(), "POST {path} was answered {status}: {answer}");
        Ok(answer)
    }

    /// Prints what both stores have recorded since the last time, in the order of time.
    async fn print_log(&mut self) -> anyhow::Result<()> {
        let mut events = self.parts.accounts_store.read_all("account").await?;
        events.extend(self.parts.transfers_store.read_all("transfer").await?);
        events.sort_by_key(|event| (event.recorded_at, event.event_id));
        let mut text = String::new();
        for event in events.iter().skip(self.printed) {
            line(&mut text, event);
        }
        self.printed = events.len();
        Ok(print(&text)?)
    }

    /// The account's document once every transfer in it has ended there too.
    async fn settled_document(&self, account: &str) -> anyhow::Result<Value> {
        let ended = |transfer: &Value| matches!(transfer["state"].as_str(), Some("completed" | "failed"));
        for _ in 0..PATIENCE_SECONDS * 100 {
            let response = self.http.get(format!("{}/v1/accounts/{account}", self.url)).send().await?;
            if response.status().is_success() {
                let document: Value = response.json().await?;
                let transfers = document["transfers"].as_array().map(Vec::as_slice).unwrap_or_default();
                if transfers.len() == 2 && transfers.iter().all(ended) {
                    return Ok(document);
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("the view of account {account} did not show both transfers within {PATIENCE_SECONDS} s")
    }
}

fn line(text: &mut String, event: &RecordedEvent) {
    let time = event.recorded_at.format("%H:%M:%S%.6f");
    let stream = format!("{}/{}", event.stream.aggregate_type, event.stream.aggregate_id);
    // Writing to a string cannot fail.
    let _ =
        writeln!(text, "{time}  {stream} v{:<3} {:<24} {}", event.version, event.event_type, event.payload);
}

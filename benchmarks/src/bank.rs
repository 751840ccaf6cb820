//! The bank as a client sees it, over HTTP.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use identity::{Grant, Seed, SigningKeys, Subject, TokenIssuer};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, RequestBuilder, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

const CURRENCY: &str = "USD";
/// Seconds that a client says it would wait for the end of a transfer.
const PATIENCE: &str = "wait=60";

/// Longer than any run.
const LIFETIME: Duration = Duration::from_secs(4 * 3600);

/// What makes a bank or a service believe the tokens of [`operator_token`].
pub(crate) fn believe(keys: &Path) -> [String; 2] {
    ["--set".to_owned(), format!("tokens.keys=folder:{}", keys.display())]
}

/// An operator's access token, signed with the keys in the folder `keys`, which are made when there are none.
///
/// # Errors
/// When the folder cannot be used.
pub(crate) fn operator_token(keys: &Path) -> anyhow::Result<String> {
    let now = chrono::Utc::now();
    let keys = SigningKeys::open(keys, 2 * LIFETIME, Seed::random()?, now)?;
    let grant = Grant { subject: Subject::operator("benchmark")?, session: None, token_id: Uuid::now_v7() };
    Ok(TokenIssuer::new(keys, "urn:bank", "bank", LIFETIME)?.issue(&grant, now)?.expose().to_owned())
}

/// A client of one running bank.
#[derive(Clone)]
pub(crate) struct Bank {
    http: Client,
    url: String,
    /// Owns every account that this client opens, and no other.
    customer: String,
}

/// What a client asks to be told about a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// That it is accepted.
    Accepted,
    /// That it has come to its end.
    Completed,
}

/// What a command on an account answers.
#[derive(Debug, Deserialize)]
struct Opened {
    id: String,
}

/// A transfer as the bank tells of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Transfer {
    /// Which one.
    pub id: String,
    /// Such as `completed`.
    pub state: String,
}

/// What accounts have in the views.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// How many there are.
    pub accounts: u64,
    /// Their balances together, in minor units.
    pub balance: u64,
    /// How many events they are made of.
    pub versions: u64,
}

#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<Account>,
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Account {
    balance: u64,
    version: u64,
}

impl Bank {
    /// With the access token of an operator, who may open accounts for anybody.
    pub(crate) fn at(url: &str, token: &str) -> anyhow::Result<Self> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
        let customer = format!("benchmark-{}", Uuid::now_v7().simple());
        let http = Client::builder().default_headers(headers).build()?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned(), customer })
    }

    /// Opens an account with so many cents and gives its id.
    pub(crate) async fn open(&self, initial_balance: u64) -> anyhow::Result<String> {
        let body = json!({
            "customerId": self.customer, "title": "Benchmark", "currency": CURRENCY,
            "initialBalance": initial_balance,
        });
        let request = self.http.post(format!("{}/v1/accounts", self.url)).json(&body);
        Ok(answered::<Opened>(request).await?.id)
    }

    /// Asks for a transfer of one cent and waits `until` it is accepted or completed.
    pub(crate) async fn transfer(&self, from: &str, to: &str, until: Until) -> anyhow::Result<Transfer> {
        let body = json!({"fromAccountId": from, "toAccountId": to, "amount": 1, "currency": CURRENCY});
        let request = self.http.post(format!("{}/v1/transfers", self.url)).json(&body);
        let request = request.header("idempotency-key", Uuid::now_v7().to_string());
        let request = if until == Until::Completed { request.header("prefer", PATIENCE) } else { request };
        let transfer: Transfer = answered(request).await?;
        ensure!(
            until == Until::Accepted || transfer.has_completed()?,
            "the transfer {} has not ended within a minute",
            transfer.id
        );
        Ok(transfer)
    }

    /// The transfer as it is now.
    pub(crate) async fn find_transfer(&self, id: &str) -> anyhow::Result<Transfer> {
        answered(self.http.get(format!("{}/v1/transfers/{id}", self.url))).await
    }

    /// What the views say about this customer's accounts.
    pub(crate) async fn totals(&self) -> anyhow::Result<Totals> {
        let mut totals = Totals::default();
        let mut cursor = String::new();
        loop {
            let url = format!("{}/v1/accounts?customerId={}&limit=200{cursor}", self.url, self.customer);
            let page: Page = answered(self.http.get(url)).await?;
            totals.accounts += page.items.len() as u64;
            totals.balance += page.items.iter().map(|account| account.balance).sum::<u64>();
            totals.versions += page.items.iter().map(|account| account.version).sum::<u64>();
            match page.next {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(totals),
            }
        }
    }
}

impl Transfer {
    /// Whether it has completed; every transfer of a benchmark is covered, so that none may end otherwise.
    ///
    /// # Errors
    /// When it has ended in another way.
    pub(crate) fn has_completed(&self) -> anyhow::Result<bool> {
        let Self { id, state } = self;
        ensure!(state != "failed" && state != "cancelled", "the transfer {id} has {state}");
        Ok(state == "completed")
    }
}

/// The body of a successful answer.
async fn answered<T: DeserializeOwned>(request: RequestBuilder) -> anyhow::Result<T> {
    let answer = request.send().await.context("the bank does not answer")?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer.json().await?);
    }
    Err(anyhow::anyhow!("the bank answers {status}: {}", said(answer).await))
}

async fn said(answer: Response) -> String {
    answer.text().await.unwrap_or_default()
}

//! The bank as a client sees it: named calls over HTTP, and nothing that is not in the contract.

use chrono::{TimeDelta, Utc};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::{TestTokens, eventually};
use uuid::Uuid;

use crate::leaks;

/// A client of one running bank.
#[derive(Clone)]
pub(crate) struct Bank {
    http: reqwest::Client,
    url: String,
    tokens: Tokens,
    /// Sent with every request that has no `Authorization` of its own.
    token: Option<String>,
}

/// Where access tokens come from.
#[derive(Clone)]
enum Tokens {
    /// The keys of the bank, which sign anybody's.
    Keys(TestTokens),
    /// A bank that keeps its keys to itself has given this one, of an operator.
    Operator(String),
}

impl Tokens {
    fn operator(&self) -> String {
        match self {
            Self::Keys(keys) => keys.operator(),
            Self::Operator(token) => token.clone(),
        }
    }

    fn customer(&self, id: Uuid) -> String {
        match self {
            Self::Keys(keys) => keys.customer(id),
            Self::Operator(_) => panic!("this bank keeps its keys to itself; a customer signs in"),
        }
    }

    fn ahead(&self, by: TimeDelta) -> Self {
        match self {
            Self::Keys(keys) => Self::Keys(keys.ahead(by.to_std().expect("not back"))),
            Self::Operator(_) => panic!("the clock of this bank is its own"),
        }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The stable `code` of a problem.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn id(&self) -> String {
        self.body["id"].as_str().unwrap_or_else(|| panic!("no id in {self:?}")).to_owned()
    }

    pub(crate) fn hold_id(&self) -> String {
        self.body["holdId"].as_str().unwrap_or_else(|| panic!("no hold in {self:?}")).to_owned()
    }

    /// The transfers that the lines of a bulk transfer become.
    pub(crate) fn transfer_ids(&self) -> Vec<String> {
        let lines = self.body["lines"].as_array().unwrap_or_else(|| panic!("no lines in {self:?}"));
        lines.iter().map(|line| line["transferId"].as_str().expect("an id").to_owned()).collect()
    }

    pub(crate) fn state(&self) -> &str {
        self.body["state"].as_str().unwrap_or_default()
    }

    pub(crate) fn reason(&self) -> &str {
        self.body["reason"].as_str().unwrap_or_default()
    }

    pub(crate) fn version(&self) -> i64 {
        self.body["version"].as_i64().unwrap_or_else(|| panic!("no version in {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn expect_problem(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status.as_u16(), self.code()), (status, code), "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        self
    }
}

impl Bank {
    /// Signed in as an operator, who may do everything.
    pub(crate) fn at(url: &str, tokens: TestTokens) -> Self {
        Self::with(url, Tokens::Keys(tokens))
    }

    /// A bank of which no more is known than a token of an operator.
    pub(crate) fn of_operator(url: &str, token: &str) -> Self {
        Self::with(url, Tokens::Operator(token.to_owned()))
    }

    fn with(url: &str, tokens: Tokens) -> Self {
        let token = Some(tokens.operator());
        Self { http: reqwest::Client::new(), url: url.to_owned(), tokens, token }
    }

    /// The same bank, signed in as this customer.
    pub(crate) fn as_customer(&self, id: Uuid) -> Self {
        Self { token: Some(self.tokens.customer(id)), ..self.clone() }
    }

    /// The same bank with this token, or with none.
    pub(crate) fn with_token(&self, token: Option<&str>) -> Self {
        Self { token: token.map(str::to_owned), ..self.clone() }
    }

    /// An operator, and as customers whoever calls then, after the bank's clock was put so far ahead.
    pub(crate) fn ahead(&self, by: TimeDelta) -> Self {
        let tokens = self.tokens.ahead(by);
        Self { token: Some(tokens.operator()), tokens, ..self.clone() }
    }

    pub(crate) fn operator_token(&self) -> String {
        self.tokens.operator()
    }

    pub(crate) fn customer_token(&self, id: Uuid) -> String {
        self.tokens.customer(id)
    }

    /// The same caller at another address, such as that of a service behind the gateway.
    #[cfg(feature = "distributed")]
    pub(crate) fn behind(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).expect("a header name");
            request = request.header(name, HeaderValue::from_str(value).expect("a header value"));
        }
        if let Some(body) = body {
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                request = request.header("content-type", "application/json");
            }
            request = request.body(body);
        }
        read(request.send().await?).await
    }

    /// Sends bytes that need not be JSON, as JSON.
    pub(crate) async fn send_bytes(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.url)).body(body);
        request = request.header("content-type", "application/json");
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.send().await.expect("the bank answers")).await.expect("the bank answers in full")
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        self.call(Method::POST, path, headers, Some(body.to_string())).await.expect("the bank answers")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[], None).await.expect("the bank answers")
    }

    pub(crate) async fn open_in(&self, currency: &str, initial_balance: u64) -> String {
        self.open_for("ada", currency, initial_balance).await
    }

    pub(crate) async fn open_for(&self, customer: &str, currency: &str, initial_balance: u64) -> String {
        let body = json!({
            "customerId": customer, "title": "Daily", "currency": currency, "initialBalance": initial_balance,
        });
        self.post("/v1/accounts", &[], body).await.expect(201).id()
    }

    /// Opens a dollar account with so many cents.
    pub(crate) async fn open(&self, initial_balance: u64) -> String {
        self.open_in("USD", initial_balance).await
    }

    pub(crate) async fn deposit(&self, account: &str, amount: u64) -> Answer {
        self.post(&format!("/v1/accounts/{account}/deposits"), &[], usd(amount)).await
    }

    pub(crate) async fn withdraw(&self, account: &str, amount: u64) -> Answer {
        self.post(&format!("/v1/accounts/{account}/withdrawals"), &[], usd(amount)).await
    }

    /// Holds so many cents for so long.
    pub(crate) async fn hold(&self, account: &str, amount: u64, lasts: TimeDelta) -> Answer {
        self.post(&format!("/v1/accounts/{account}/holds"), &[], hold(amount, lasts)).await
    }

    /// `capture`, of everything unless the body says less, or `void`.
    pub(crate) async fn end_hold(&self, account: &str, hold: &str, verb: &str, body: Value) -> Answer {
        self.post(&format!("/v1/accounts/{account}/holds/{hold}/{verb}"), &[], body).await
    }

    /// `overdraft` or `daily-transfer`.
    pub(crate) async fn limit(&self, account: &str, kind: &str, limit: Option<u64>) -> Answer {
        let body = json!({"limit": limit, "currency": "USD"});
        self.post(&format!("/v1/accounts/{account}/{kind}-limit"), &[], body).await
    }

    /// `freeze`, `unfreeze` or `close`.
    pub(crate) async fn change(&self, account: &str, verb: &str) -> Answer {
        self.post(&format!("/v1/accounts/{account}/{verb}"), &[], json!({"reason": "test"})).await
    }

    /// A transfer of so many cents, answered at once.
    pub(crate) async fn start_transfer(&self, from: &str, to: &str, amount: u64) -> Answer {
        self.post("/v1/transfers", &[("idempotency-key", &fresh_key())], transfer(from, to, amount)).await
    }

    /// A transfer of so many cents, answered when it has ended.
    pub(crate) async fn transfer(&self, from: &str, to: &str, amount: u64) -> Answer {
        let headers = [("idempotency-key", fresh_key()), ("prefer", "wait=30".to_owned())];
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.post("/v1/transfers", &headers, transfer(from, to, amount)).await.expect(201)
    }

    /// Orders transfers of so many cents.
    pub(crate) async fn order(&self, from: &str, to: &str, amount: u64, schedule: Value) -> Answer {
        let body = order(from, to, amount, schedule);
        self.post("/v1/transfer-orders", &[("idempotency-key", &fresh_key())], body).await
    }

    /// The order's document.
    pub(crate) async fn read_order(&self, order: &str) -> Answer {
        self.get(&format!("/v1/transfer-orders/{order}")).await
    }

    pub(crate) async fn cancel_order(&self, order: &str) -> Answer {
        self.post(&format!("/v1/transfer-orders/{order}/cancel"), &[], json!({"reason": "test"})).await
    }

    /// Waits until so many of the order's latest transfers have ended and no other is under way, and gives its document.
    pub(crate) async fn carried_out(&self, order: &str, transfers: usize) -> Answer {
        eventually(|| async {
            let answer = self.read_order(order).await;
            let shown = answer.body["transfers"].as_array().cloned().unwrap_or_default();
            let has_ended =
                |transfer: &Value| ["completed", "failed"].map(Value::from).contains(&transfer["state"]);
            if shown.len() == transfers && shown.iter().all(has_ended) { Ok(answer) } else { Err(answer) }
        })
        .await
    }

    pub(crate) async fn cancel(&self, transfer: &str) -> Answer {
        self.post(&format!("/v1/transfers/{transfer}/cancel"), &[], json!({})).await
    }

    pub(crate) async fn reverse(&self, transfer: &str) -> Answer {
        let path = format!("/v1/transfers/{transfer}/reverse");
        self.post(&path, &[("prefer", "wait=30")], json!({"reason": "sent twice"})).await
    }

    /// An atomic bulk transfer to (account, cents), answered at once.
    pub(crate) async fn start_bulk(&self, from: &str, lines: &[(&str, u64)]) -> Answer {
        let key = fresh_key();
        self.post("/v1/bulk-transfers", &[("idempotency-key", &key)], atomic(from, lines)).await.expect(202)
    }

    /// The same, answered when its source has decided.
    pub(crate) async fn bulk_transfer(&self, from: &str, lines: &[(&str, u64)]) -> Answer {
        let key = fresh_key();
        let headers = [("idempotency-key", key.as_str()), ("prefer", "wait=30")];
        self.post("/v1/bulk-transfers", &headers, atomic(from, lines)).await.expect(201)
    }

    /// Waits until the source of a bulk transfer has decided and gives its document.
    pub(crate) async fn bulk_ended(&self, bulk: &str) -> Answer {
        eventually(|| async {
            let answer = self.get(&format!("/v1/bulk-transfers/{bulk}")).await;
            if matches!(answer.state(), "debited" | "failed") { Ok(answer) } else { Err(answer) }
        })
        .await
    }

    /// Waits until every line of a bulk transfer has ended; how, in the order of the lines.
    pub(crate) async fn lines_ended(&self, bulk: &Answer) -> Vec<(String, String)> {
        let mut ends = Vec::new();
        for transfer in bulk.transfer_ids() {
            let end = self.ended(&transfer).await;
            ends.push((end.state().to_owned(), end.reason().to_owned()));
        }
        ends
    }

    /// Waits until the transfer has ended and gives its document.
    pub(crate) async fn ended(&self, transfer: &str) -> Answer {
        eventually(|| async {
            let answer = self.get(&format!("/v1/transfers/{transfer}")).await;
            let ended = matches!(answer.state(), "completed" | "failed" | "cancelled");
            if ended { Ok(answer) } else { Err(answer) }
        })
        .await
    }

    /// Waits until the view shows this balance, and gives the document.
    pub(crate) async fn balance_becomes(&self, account: &str, balance: impl Into<Value>) -> Answer {
        let balance = balance.into();
        eventually(|| async {
            let answer = self.get(&format!("/v1/accounts/{account}")).await;
            if answer.body["balance"] == balance { Ok(answer) } else { Err(answer) }
        })
        .await
    }
}

async fn read(response: reqwest::Response) -> Result<Answer, reqwest::Error> {
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await?;
    if !status.is_success() {
        leaks::expect_none("an error", &text);
    }
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Answer { status, headers, body })
}

pub(crate) fn usd(amount: u64) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

pub(crate) fn hold(amount: u64, lasts: TimeDelta) -> Value {
    json!({"amount": amount, "currency": "USD", "memo": "Hotel", "expiresAt": Utc::now() + lasts})
}

pub(crate) fn transfer(from: &str, to: &str, amount: u64) -> Value {
    json!({"fromAccountId": from, "toAccountId": to, "amount": amount, "currency": "USD"})
}

pub(crate) fn order(from: &str, to: &str, amount: u64, schedule: Value) -> Value {
    let mut order = transfer(from, to, amount);
    order["schedule"] = schedule;
    order
}

/// In how many seconds something is due that a test waits for: late enough for the request that asks for it, also on a
/// machine that has much else to do.
pub(crate) const SOON: i64 = 5;

/// Due once, in about so many seconds.
pub(crate) fn due_in(seconds: i64) -> Value {
    // The time of the day has whole seconds, and the one that is under way is over by then.
    let at = Utc::now() + TimeDelta::seconds(seconds + 1);
    json!({
        "startDate": at.format("%Y-%m-%d").to_string(),
        "timeOfDay": at.format("%H:%M:%S").to_string(),
        "timeZone": "UTC",
    })
}

/// The same, and then each day.
pub(crate) fn daily_from(seconds: i64) -> Value {
    let mut schedule = due_in(seconds);
    schedule["every"] = json!({"number": 1, "unit": "days"});
    schedule
}

/// Dollar transfers to (account, cents).
pub(crate) fn bulk(from: &str, lines: &[(&str, u64)]) -> Value {
    let line = |(to, amount): &(&str, u64)| json!({"toAccountId": to, "amount": amount});
    json!({"fromAccountId": from, "currency": "USD", "lines": lines.iter().map(line).collect::<Vec<_>>()})
}

/// The same as one atomic request.
pub(crate) fn atomic(from: &str, lines: &[(&str, u64)]) -> Value {
    let mut body = bulk(from, lines);
    body["mode"] = json!("atomic");
    body
}

pub(crate) fn fresh_key() -> String {
    Uuid::now_v7().to_string()
}

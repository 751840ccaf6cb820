//! The HTTP contract of the reader.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use account_history::store::SqliteViews;
use account_history::view::{AccountView, EntryView, TransferView, Views};
use account_history::{Config, Deps, Role, build};
use messaging::dead_letter::SqliteDeadLetters;
use serde::de::DeserializeOwned;
use serde_json::Value;
use service_kit::Tasks;
use service_kit::http::{CursorKey, HttpOptions, finish};
use service_kit::settings::{Secret, TokenSettings};
use test_support::TestTokens;
use uuid::Uuid;

use crate::owners::Down;
use crate::projector::project;
use crate::rebuild::Topics;
use crate::stores::{Store, everything};
use crate::world::World;

/// A reader on a store of its own.
pub(crate) struct Reader {
    pub(crate) store: Store,
    pub(crate) url: String,
    _folder: tempfile::TempDir,
    _topics: Topics,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn is<T: DeserializeOwned>(&self) -> T {
        assert_eq!(self.status, 200, "{}", self.body);
        serde_json::from_value(self.body.clone()).expect("the documented shape")
    }

    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json");
    }
}

pub(crate) fn config(role: Role) -> Config {
    Config {
        views: "".into(),
        bus: "".into(),
        role,
        audit: service_kit::settings::SecretUrl::default(),
        subscription_id: "account-history".to_owned(),
        accounts_url: String::new(),
        transfers_url: String::new(),
        internal_secret: Secret::default(),
        tokens: TokenSettings::default(),
    }
}

impl Reader {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("views.sqlite");
        let store: Store = Arc::new(SqliteViews::open(&path).await.expect("a new file"));
        let topics = Topics::new().await;
        let deps = Deps {
            views: Arc::clone(&store),
            bus: topics.bus.clone(),
            dead_letters: Arc::new(SqliteDeadLetters::open(&path).await.expect("a table")),
            owner: Arc::new(Down),
            tokens: tokens().verifier(),
            cursors: CursorKey::derived_from(b"a secret"),
            tasks: Tasks::new(),
        };
        let service = build(&config(Role::Reader), deps).await.expect("a reader");
        assert!(service.subscription.is_none());
        let router = finish(service.app.router, HttpOptions::default(), service.app.health);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { store, url, _folder: folder, _topics: topics }
    }

    async fn of(world: &World) -> Self {
        let reader = Self::start().await;
        project(&reader.store, &world.events).await;
        reader
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        get(&self.url, path, "").await
    }

    pub(crate) async fn get_with(&self, token: &str, path: &str) -> Answer {
        get_as(token, &self.url, path, "").await
    }

    /// An answer that is no JSON.
    pub(crate) async fn text(&self, path: &str) -> (reqwest::header::HeaderMap, String) {
        let request = reqwest::Client::new().get(format!("{}{path}", self.url));
        let answer = request.bearer_auth(tokens().operator()).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        (answer.headers().clone(), answer.text().await.expect("text"))
    }

    /// Follows `next` to the end of a list.
    pub(crate) async fn all<T: DeserializeOwned>(&self, path: &str) -> Vec<T> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        let separator = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = self.get(&format!("{path}{separator}limit=3{cursor}")).await.is::<Value>();
            let of_page: Vec<T> = serde_json::from_value(page["items"].clone()).expect("items");
            assert!(of_page.len() <= 3);
            items.extend(of_page);
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

pub(crate) async fn reader_of(world: &World) -> Reader {
    Reader::of(world).await
}

/// The keys of every service that this process runs.
pub(crate) fn tokens() -> &'static TestTokens {
    static TOKENS: LazyLock<TestTokens> = LazyLock::new(|| {
        let folder = tempfile::tempdir().expect("a folder");
        TestTokens::in_folder(folder.path())
    });
    &TOKENS
}

/// Asks as an operator.
pub(crate) async fn get(url: &str, path: &str, prefer: &str) -> Answer {
    get_as(&tokens().operator(), url, path, prefer).await
}

pub(crate) async fn get_as(token: &str, url: &str, path: &str, prefer: &str) -> Answer {
    let request = reqwest::Client::new().get(format!("{url}{path}")).header("prefer", prefer);
    let request = request.bearer_auth(token);
    let answer = request.send().await.expect("an answer");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Answer { status, headers, body: answer.json().await.expect("JSON") }
}

#[tokio::test]
async fn an_account_is_its_document() {
    let world = World::busy(40, 80);
    let reader = Reader::of(&world).await;
    for expected in Views::replay(&world.events).expect("a whole past").account_views() {
        let answer = reader.get(&format!("/v1/accounts/{}", expected.id)).await;
        assert_eq!(answer.header("etag"), format!("\"{}\"", expected.version));
        assert_eq!(answer.is::<AccountView>(), expected);
        assert!(expected.transfers.len() <= 20 && expected.changes.len() <= 20);
    }
}

#[tokio::test]
async fn the_document_has_the_documented_names() {
    let mut world = World::new(41);
    let (ada, charles) = (world.open("ada", 100), world.open("charles", 0));
    world.transfer(ada, charles, 60);
    world.settle();
    let reader = Reader::of(&world).await;
    let body = reader.get(&format!("/v1/accounts/{ada}")).await.body;
    for (pointer, expected) in [
        ("/customerId", "ada"),
        ("/title", "Daily"),
        ("/currency", "USD"),
        ("/state", "open"),
        ("/transfers/0/state", "completed"),
        ("/transfers/0/currency", "USD"),
        ("/transfers/0/memo", "rent"),
        ("/changes/0/transactionType", "debit"),
        ("/changes/1/transactionType", "deposit"),
    ] {
        assert_eq!(body.pointer(pointer).and_then(Value::as_str), Some(expected), "{pointer} in {body}");
    }
    assert_eq!(body["balance"], 40);
    assert_eq!(body["version"], 3);
    assert_eq!((&body["changes"][0]["amount"], &body["changes"][0]["balance"]), (&60.into(), &40.into()));
    assert_eq!(body["transfers"][0]["fromAccountId"], ada.to_string());
    assert_eq!(body["transfers"][0]["toAccountId"], charles.to_string());
    assert_eq!(body["changes"][0]["transferId"], body["transfers"][0]["transferId"]);
    assert!(body["changes"][1].get("transferId").is_none() && body["changes"][0]["changeId"].is_string());
}

#[tokio::test]
async fn lists_page_through_everything() {
    let world = World::busy(42, 80);
    let reader = Reader::of(&world).await;
    let views = everything(&reader.store).await;
    let account = views.account_views()[0].id;
    let entries: Vec<EntryView> = reader.all(&format!("/v1/accounts/{account}/entries")).await;
    let mut expected: Vec<EntryView> =
        views.entry_views().into_iter().filter(|entry| entry.account_id == account).collect();
    expected.reverse();
    assert_eq!(entries, expected);
    let transfers: Vec<TransferView> = reader.all(&format!("/v1/accounts/{account}/transfers")).await;
    let of_account = |view: &TransferView| view.from_account_id == account || view.to_account_id == account;
    let mut expected: Vec<TransferView> = views.transfer_views().into_iter().filter(of_account).collect();
    expected.sort_by_key(|transfer| std::cmp::Reverse(transfer.order()));
    assert_eq!(transfers, expected);
    let accounts: Vec<Value> = reader.all("/v1/accounts").await;
    assert_eq!(accounts.len(), views.account_views().len());
    let accounts: Vec<Value> = reader.all("/v1/accounts?customerId=customer-1").await;
    assert_eq!(accounts.len(), 2);
    assert!(
        accounts
            .iter()
            .all(|account| account["customerId"] == "customer-1" && account.get("changes").is_none())
    );
    let nobody: Vec<Value> = reader.all("/v1/accounts?customerId=nobody").await;
    assert!(nobody.is_empty());
}

#[tokio::test]
async fn a_client_reads_its_own_write() {
    let mut world = World::new(43);
    let account = world.open("ada", 100);
    let reader = Reader::of(&world).await;
    let path = |version: i64| format!("/v1/accounts/{account}?minVersion={version}");
    reader.get(&path(2)).await.is::<AccountView>();
    let behind = reader.get(&path(3)).await;
    behind.is_problem(412, "view-out-of-date");
    assert_eq!((behind.body["version"].as_i64(), behind.header("retry-after")), (Some(2), "1"));

    let asked = Instant::now();
    get(&reader.url, &path(3), "wait=1").await.is_problem(412, "view-out-of-date");
    assert!(asked.elapsed() >= Duration::from_secs(1));

    world.deposit(account, 5);
    let (waiting, written) = tokio::join!(
        async {
            let asked = Instant::now();
            (get(&reader.url, &path(3), "wait=30").await, asked.elapsed())
        },
        async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            project(&reader.store, &world.events[2..]).await;
        }
    );
    let ((answer, waited), ()) = (waiting, written);
    assert_eq!(answer.header("preference-applied"), "wait=30");
    assert_eq!(answer.is::<AccountView>().balance.minor_units(), 105);
    assert!(waited < Duration::from_secs(10), "it was woken: {waited:?}");
}

#[tokio::test]
async fn an_account_that_is_not_yet_in_the_view_is_behind_and_not_unknown() {
    let reader = Reader::start().await;
    let nobody = Uuid::now_v7();
    for path in ["", "/entries", "/transfers", "?at=1", "?at=2026-01-31T12:00:00Z"] {
        reader.get(&format!("/v1/accounts/{nobody}{path}")).await.is_problem(404, "account-not-found");
    }
    let behind = reader.get(&format!("/v1/accounts/{nobody}?minVersion=1")).await;
    behind.is_problem(412, "view-out-of-date");
    assert_eq!(behind.body["version"], 0);
}

#[tokio::test]
async fn an_account_that_was_never_opened_is_not_found() {
    let mut world = World::new(44);
    let ada = world.open("ada", 100);
    let never = domain::ids::AccountId(Uuid::now_v7());
    world.transfer(ada, never, 10);
    world.transfer(never, ada, 10);
    world.settle();
    let reader = Reader::of(&world).await;
    assert!(everything(&reader.store).await.accounts.contains_key(&never));
    for path in ["", "/entries", "/transfers", "?minVersion=1", "?at=1"] {
        reader.get(&format!("/v1/accounts/{never}{path}")).await.is_problem(404, "account-not-found");
    }
}

#[tokio::test]
async fn wrong_input_is_a_problem() {
    let mut world = World::new(45);
    let account = world.open("ada", 100);
    let reader = Reader::of(&world).await;
    for id in ["five", "00000000-0000-0000-0000-00000000000g"] {
        for path in ["", "/entries", "/transfers"] {
            reader.get(&format!("/v1/accounts/{id}{path}")).await.is_problem(400, "invalid-path");
        }
    }
    let one = format!("/v1/accounts/{account}");
    for query in [
        "minVersion=-1",
        "minVersion=many",
        "minVersion=9223372036854775808",
        "minVersion=99999999999999999999",
        "minVersion=",
        "minVersion=1&minVersion=2",
        "at=yesterday",
        "at=",
        "at=-1",
        "at=9223372036854775808",
        "at=2026-01-31",
        "at=2026-13-31T12:00:00Z",
        "colour=red",
    ] {
        reader.get(&format!("{one}?{query}")).await.is_problem(400, "invalid-query");
    }
    for list in ["/v1/accounts".to_owned(), format!("{one}/entries"), format!("{one}/transfers")] {
        for query in ["limit=0", "limit=201", "limit=-1", "limit=many", "limit=", "sort=up"] {
            reader.get(&format!("{list}?{query}")).await.is_problem(400, "invalid-query");
        }
        for query in ["cursor=", "cursor=%20", "cursor=!", "cursor=e30", "cursor=bnVsbA"] {
            reader.get(&format!("{list}?{query}")).await.is_problem(400, "invalid-cursor");
        }
    }
    reader.get("/v1/accounts?customerId=a%20b").await.is_problem(400, "invalid-query");
    reader.get("/v1/nothing").await.is_problem(404, "route-not-found");
    let posted = reqwest::Client::new().post(format!("{}{one}", reader.url)).send().await.expect("an answer");
    assert_eq!(posted.status(), 405);
}

#[tokio::test]
async fn extreme_values_are_answered() {
    let mut world = World::new(46);
    let account = world.open("ada", 100);
    let reader = Reader::of(&world).await;
    let one = format!("/v1/accounts/{account}");
    for at in ["9999-12-31T23:59:59Z", "2262-04-12T00:00:00Z"] {
        reader.get(&format!("{one}?at={at}")).await.is::<AccountView>();
    }
    for at in ["0000-01-01T00:00:00Z", "1600-01-01T00:00:00Z", "0"] {
        reader.get(&format!("{one}?at={at}")).await.is_problem(404, "account-not-found");
    }
    for query in ["at=9223372036854775807", "minVersion=9223372036854775807"] {
        reader.get(&format!("{one}?{query}")).await.is_problem(412, "view-out-of-date");
    }
}

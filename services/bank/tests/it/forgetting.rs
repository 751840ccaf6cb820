//! What is stored and written about people: nothing in clear while they are customers, nothing that opens afterwards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bank::verify::Sources;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::{Service, TestTokens, eventually};
use uuid::Uuid;

use crate::client::{Answer, Bank};
use crate::customers::{Customer, Person, register};
use crate::leaks::PASSWORD;

/// The texts that nobody may find, by what they are.
pub(crate) type Planted = BTreeMap<&'static str, String>;

/// A customer with a payee whose name is a secret too.
pub(crate) async fn plant(bank: &Bank) -> (Customer, Person, Planted) {
    let person = Person::new("Ada");
    let customer = register(bank, &person).await;
    let friend = register(bank, &Person::new("Charles")).await;
    let target = bank.open_for(&friend.id.to_string(), "USD", 0).await;
    let payee = format!("Payee {}", Uuid::now_v7().simple());
    let body = json!({"accountId": target, "name": payee});
    eventually(|| async {
        let saved = customer.bank.post("/v1/customers/me/payees", &[], body.clone()).await;
        if saved.status == 201 { Ok(()) } else { Err(saved) }
    })
    .await;
    let renamed = format!("Renamed {}", Uuid::now_v7().simple());
    let body = json!({"name": renamed}).to_string();
    bank_call(&customer.bank, Method::PATCH, "/v1/customers/me", Some(body)).await.expect(200);
    let planted = Planted::from([
        ("the e-mail address", person.email.clone()),
        ("the name", person.name.clone()),
        ("the changed name", renamed),
        ("the payee's name", payee),
        ("the password", PASSWORD.to_owned()),
        ("the refresh token", customer.refresh_token.clone()),
    ]);
    (customer, person, planted)
}

pub(crate) async fn bank_call(bank: &Bank, method: Method, path: &str, body: Option<String>) -> Answer {
    bank.call(method, path, &[], body).await.expect("the bank answers")
}

/// Where the texts lie in these bytes: as they are, in hexadecimal, which dumps use, and in base64, which JSON and tokens
/// use.
pub(crate) fn found_in(bytes: &[u8], planted: &Planted) -> Vec<&'static str> {
    let contains = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let is_there = |text: &String| {
        contains(text.as_bytes())
            || contains(hex(text).as_bytes())
            || in_base64(text).iter().any(|encoded| contains(encoded.as_bytes()))
    };
    planted.iter().filter(|(_, text)| is_there(text)).map(|(what, _)| *what).collect()
}

/// What stands in base64 and in base64url of anything that has this text in it. Three bytes become four letters, so that
/// it looks otherwise at each of three offsets; letters that bytes before or behind it have part in are left out.
fn in_base64(text: &str) -> Vec<String> {
    let at_offset = |offset: usize| {
        let padded = [vec![0; offset], text.as_bytes().to_vec()].concat();
        let (first, whole) = ((offset * 8).div_ceil(6), padded.len() * 8 / 6);
        [STANDARD_NO_PAD, URL_SAFE_NO_PAD].map(|alphabet| alphabet.encode(&padded)[first..whole].to_owned())
    };
    (0..3).flat_map(at_offset).collect()
}

#[test]
fn a_text_is_found_in_base64_wherever_it_begins() {
    let planted = Planted::from([("the name", "Ada of the Test".to_owned())]);
    for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        for before in 0..5 {
            let text = format!("{}Ada of the Test and more", "?".repeat(before));
            let encoded = alphabet.encode(text);
            assert_eq!(found_in(encoded.as_bytes(), &planted), ["the name"], "{encoded}");
        }
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// What each file holds of `planted`.
fn scan_files(folder: &Path, planted: &Planted) -> Vec<(PathBuf, Vec<&'static str>)> {
    let scan = |path: PathBuf| {
        let found = found_in(&std::fs::read(&path).expect("a file"), planted);
        (path, found)
    };
    files_below(folder).into_iter().map(scan).filter(|(_, found)| !found.is_empty()).collect()
}

/// The whole bank as a process that logs everything, on a folder of its own.
struct Process {
    service: Service,
    dir: TempDir,
}

impl Process {
    fn start() -> Self {
        Self::start_in(TempDir::new().expect("a folder"), None)
    }

    /// On what a process before it left; `fault` is a place at which it ends.
    fn start_in(dir: TempDir, fault: Option<&str>) -> Self {
        let data = dir.path().join("data").display().to_string();
        let arguments = [
            ["--listen", "127.0.0.1:0"],
            ["--data-dir", &data],
            ["--log", "trace"],
            ["--set", "passwords.memory_kib=64"],
            ["--set", "passwords.iterations=1"],
            ["--set", "rate_limit.strangers.burst=10000"],
        ];
        let log = dir.path().join("bank.log");
        let binary = Path::new(env!("CARGO_BIN_EXE_bank"));
        let fault = fault.map(|fault| ("BANK_FAULT", fault));
        let service = Service::start(binary, arguments.concat(), fault, &log);
        Self { service, dir }
    }

    /// Once it has ended itself at its fault: another one on the same files.
    async fn restarted(mut self) -> Self {
        eventually(|| std::future::ready(self.service.ended().map(drop).ok_or("it still runs"))).await;
        Self::start_in(self.dir, None)
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("bank.log")).expect("a log")
    }

    fn bank(&self) -> Bank {
        Bank::at(&self.service.url, TestTokens::in_folder(&self.data().join("token-keys")))
    }
}

/// The customer's own key, as it lies in the vault.
async fn key_of(vault: &Path, customer: Uuid) -> Option<Vec<u8>> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(vault).read_only(true);
    let pool = sqlx::SqlitePool::connect_with(options).await.expect("the vault can be read");
    let row: Option<(Vec<u8>,)> = sqlx::query_as("SELECT data_key FROM customers WHERE customer_id = ?1")
        .bind(customer.to_string())
        .fetch_optional(&pool)
        .await
        .expect("the vault can be read");
    pool.close().await;
    row.map(|(key,)| key)
}

fn files_with(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let has = |path: &PathBuf| {
        let content = std::fs::read(path).expect("a file");
        content.windows(bytes.len()).any(|window| window == bytes)
    };
    files_below(folder).into_iter().filter(has).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_a_forgotten_customer_can_be_read_in_any_file() {
    let process = Process::start();
    let bank = process.bank();
    let (customer, _, planted) = plant(&bank).await;
    let account = bank.open_for(&customer.id.to_string(), "USD", 100).await;
    bank.balance_becomes(&account, 100).await;
    let vault = process.data().join("vault.sqlite");
    let key = key_of(&vault, customer.id).await.expect("a customer has a key");
    // The scanner finds what is there.
    assert!(!files_with(&process.data(), &key).is_empty());
    assert_eq!(found_in(format!("..{}..", planted["the name"]).as_bytes(), &planted), ["the name"]);

    bank_call(&customer.bank, Method::DELETE, "/v1/customers/me", None).await.expect(200);

    // In clear there never was anything; and what is sealed has lost its key in every file, deleted pages included.
    assert_eq!(scan_files(&process.data(), &planted), []);
    assert_eq!(key_of(&vault, customer.id).await, None);
    assert_eq!(files_with(&process.data(), &key), Vec::<PathBuf>::new());
    let sources = Sources::in_data_dir(&process.data()).await.expect("the stores can be read");
    crate::stage::verified(&sources).await;
    sources.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_a_log_line_an_error_or_a_file() {
    let process = Process::start();
    let bank = process.bank();
    let (customer, person, mut planted) = plant(&bank).await;
    planted.insert("the operator's token", bank.operator_token());
    let mut told = Vec::new();
    let stranger = bank.with_token(None);
    // Everything that can be wrong about a request that carries secrets.
    let registration = json!({"email": person.email, "name": person.name, "password": PASSWORD});
    let with = |field: &str, value: Value| {
        let mut body = registration.clone();
        body[field] = value;
        body.to_string()
    };
    let nested = json!([person.email, PASSWORD]);
    let bodies = [
        registration.to_string(),
        with("extra", person.email.clone().into()),
        with("name", nested),
        with("name", format!("{}\n", person.name).into()),
        with("email", format!("{} {}", person.email, person.name).into()),
        with("password", PASSWORD[..9].into()),
        registration.to_string()[1..].to_owned(),
        format!("{}{}", person.email, PASSWORD),
    ];
    for body in bodies {
        for path in ["/v1/customers", "/v1/sessions", "/v1/sessions/refresh", "/v1/customers/me/payees"] {
            told.push(bank_call(&stranger, Method::POST, path, Some(body.clone())).await);
            told.push(bank_call(&customer.bank, Method::POST, path, Some(body.clone())).await);
        }
        for (method, path) in [
            (Method::PATCH, "/v1/customers/me"),
            (Method::PUT, "/v1/customers/me/password"),
            (Method::POST, "/v1/accounts"),
            (Method::POST, "/v1/transfers"),
        ] {
            told.push(bank_call(&customer.bank, method, path, Some(body.clone())).await);
        }
    }
    let wrong = json!({"email": person.email, "password": format!("{PASSWORD}!")}).to_string();
    told.push(bank_call(&stranger, Method::POST, "/v1/sessions", Some(wrong)).await);
    let reused = json!({"refreshToken": customer.refresh_token}).to_string();
    for _ in 0..2 {
        let path = "/v1/sessions/refresh";
        told.push(bank_call(&stranger, Method::POST, path, Some(reused.clone())).await);
    }

    let problems = told.iter().filter(|answer| !answer.status.is_success());
    for problem in problems {
        assert!(problem.status.as_u16() < 500, "{problem:?}");
        let found = found_in(problem.body.to_string().as_bytes(), &planted);
        assert!(found.is_empty(), "{found:?} in {problem:?}");
    }
    let log = process.log();
    for answer in &told {
        assert!(
            log.contains(answer.header("x-request-id")),
            "the log tells of every request, not of {answer:?}"
        );
    }
    for line in log.lines() {
        let found = found_in(line.as_bytes(), &planted);
        assert!(found.is_empty(), "{found:?} in the log line: {line}");
    }
    assert_eq!(scan_files(&process.data(), &planted), []);
}

/// How far an erasure got does not matter: the next process finishes it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_is_finished_after_a_crash() {
    for place in ["customers.after_erasure_request", "customers.after_key_destroyed"] {
        let process = Process::start_in(TempDir::new().expect("a folder"), Some(place));
        let (customer, person, _) = plant(&process.bank()).await;
        let vault = process.data().join("vault.sqlite");
        let key = key_of(&vault, customer.id).await.expect("a customer has a key");
        let unanswered = customer.bank.call(Method::DELETE, "/v1/customers/me", &[], None).await;
        assert!(unanswered.is_err(), "{place}: {unanswered:?}");

        let process = process.restarted().await;

        let (files, id) = (process.data(), customer.id);
        eventually(|| async {
            if key_of(&vault, id).await.is_none() { Ok(()) } else { Err("the key is there") }
        })
        .await;
        eventually(|| async {
            let found = files_with(&files, &key);
            if found.is_empty() { Ok(()) } else { Err(found) }
        })
        .await;
        eventually(|| async {
            let sources = Sources::in_data_dir(&files).await.expect("the stores can be read");
            let events = sources.customers.read_all("customer").await.expect("the store can be read");
            sources.close().await;
            let erased = events.iter().any(|event| event.event_type == "CustomerErased");
            if erased { Ok(()) } else { Err(events.len()) }
        })
        .await;
        // The address is free.
        register(&process.bank(), &person).await;
    }
}

/// An address that was reserved by a process that is gone belongs to nobody, and to the same registration.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_is_repeated_after_a_crash() {
    let process = Process::start_in(TempDir::new().expect("a folder"), Some("customers.after_reservation"));
    let person = Person::new("Ada");
    let body = json!({"email": person.email, "name": person.name, "password": PASSWORD}).to_string();
    let headers = [("idempotency-key", "again")];
    let path = "/v1/customers";
    let first = process.bank().call(Method::POST, path, &headers, Some(body.clone())).await;
    assert!(first.is_err(), "{first:?}");

    let process = process.restarted().await;

    let bank = process.bank();
    // Nobody can tell yet whether the first one goes on.
    bank_call(&bank, Method::POST, path, Some(body.clone())).await.expect_problem(409, "email-taken");
    let wrong = json!({"email": person.email, "password": PASSWORD}).to_string();
    let early = bank_call(&bank, Method::POST, "/v1/sessions", Some(wrong.clone())).await;
    early.expect_problem(401, "wrong-credentials");
    let other = body.replace("Ada of", "Eve of");
    let other = bank.call(Method::POST, path, &headers, Some(other)).await.expect("the bank answers");
    other.expect_problem(422, "idempotency-key-reused");

    let again = bank.call(Method::POST, path, &headers, Some(body)).await.expect("the bank answers");
    again.expect(201);
    bank_call(&bank, Method::POST, "/v1/sessions", Some(wrong)).await.expect(201);
}

/// Between the event and giving up the old address: nobody loses an address that they use, and the old one is free again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_address_is_free_again_after_a_crash() {
    let place = "customers.after_address_change";
    let process = Process::start_in(TempDir::new().expect("a folder"), Some(place));
    let (old, new) = (Person::new("Ada"), Person::new("Ada"));
    let customer = register(&process.bank(), &old).await;
    let body = json!({"email": new.email}).to_string();
    let headers = [("idempotency-key", "move")];
    let path = "/v1/customers/me";
    let unanswered = customer.bank.call(Method::PATCH, path, &headers, Some(body.clone())).await;
    assert!(unanswered.is_err(), "{unanswered:?}");

    let process = process.restarted().await;

    let bank = process.bank();
    let owner = bank.with_token(Some(&customer.token));
    let again = owner.call(Method::PATCH, path, &headers, Some(body)).await.expect("the bank answers");
    assert_eq!(again.expect(200).header("idempotent-replayed"), "true");
    let stranger = bank.with_token(None);
    let credentials = json!({"email": new.email, "password": PASSWORD});
    stranger.post("/v1/sessions", &[], credentials).await.expect(201);
    let anew = json!({"email": old.email, "name": old.name, "password": PASSWORD});
    let register_anew = || stranger.post("/v1/customers", &[], anew.clone());
    register_anew().await.expect_problem(409, "email-taken");
    // As if a minute had passed.
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(process.data().join("vault.sqlite"));
    let pool = sqlx::SqlitePool::connect_with(options).await.expect("the vault opens");
    sqlx::query("UPDATE emails SET reserved_at = 0").execute(&pool).await.expect("time passes");
    pool.close().await;
    register_anew().await.expect(201);
    let sources = Sources::in_data_dir(&process.data()).await.expect("the stores can be read");
    crate::stage::verified(&sources).await;
    sources.close().await;
}

//! What the servers of the distributed bank hold of a customer who was forgotten: every row of every table, every message
//! and every view. What PostgreSQL keeps below its tables (dead rows until a vacuum, its write-ahead log) is not read.

use bank::verify::{Evidence, Sources};
use reqwest::Method;
use sqlx::{AssertSqlSafe, PgPool, Row};

use crate::forgetting::{Planted, bank_call, found_in, plant};
use crate::stage::processes::Processes;
use crate::stage::verified;

/// Every row of every table of a database, as text; bytes are hexadecimal in it.
async fn rows_of(url: &str) -> Vec<(String, String)> {
    let pool = PgPool::connect(url).await.expect("PostgreSQL answers");
    let tables = sqlx::query(
        "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables \
                              WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&pool)
    .await
    .expect("the tables are listed");
    let mut rows = Vec::new();
    for table in tables {
        let table: String = table.get(0);
        let query = AssertSqlSafe(format!("SELECT t::text FROM {table} t"));
        let texts = sqlx::query(query).fetch_all(&pool).await.expect("the table is read");
        rows.extend(texts.into_iter().map(|row| (table.clone(), row.get(0))));
    }
    pool.close().await;
    rows
}

/// Everything that is stored, and where it lies.
async fn everything(processes: &Processes, sources: &Sources) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for database in processes.databases() {
        all.extend(rows_of(&database).await);
    }
    let evidence = Evidence::gather(sources).await.expect("the stores can be read");
    all.extend(
        evidence.messages.iter().map(|message| {
            ("a topic".to_owned(), serde_json::to_string(message).expect("a message is JSON"))
        }),
    );
    all.push(("the views".to_owned(), format!("{:?}", evidence.views)));
    all.extend(processes.logs().into_iter().map(|log| ("a log".to_owned(), log)));
    all
}

fn places_of(all: &[(String, String)], planted: &Planted) -> Vec<(String, Vec<&'static str>)> {
    let scanned = all.iter().map(|(place, text)| (place.clone(), found_in(text.as_bytes(), planted)));
    scanned.filter(|(_, found)| !found.is_empty()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_on_any_server_opens_what_a_forgotten_customer_left() {
    let processes = Processes::start(&[("customers", "log=trace"), ("api-gateway", "log=trace")]).await;
    let bank = processes.bank();
    let (customer, _, planted) = plant(&bank).await;
    let account = bank.open_for(&customer.id.to_string(), "USD", 100).await;
    bank.balance_becomes(&account, 100).await;
    let sources = processes.sources().await;
    verified(&sources).await;

    let before = everything(&processes, &sources).await;
    assert_eq!(places_of(&before, &planted), [], "in clear nothing ever was");
    let keys: Vec<_> = before
        .iter()
        .filter(|(place, text)| place.ends_with("customers") && text.contains(&customer.id.to_string()))
        .collect();
    let [(_, row)] = keys[..] else { panic!("one row has the customer's key: {keys:?}") };
    let key = row
        .split("\\\\x")
        .nth(1)
        .and_then(|rest| rest.get(..64))
        .expect("32 bytes in hexadecimal")
        .to_owned();
    let with_key = |all: &[(String, String)]| all.iter().filter(|(_, text)| text.contains(&key)).count();
    assert_eq!(with_key(&before), 1, "the scanner finds what is there");

    bank_call(&customer.bank, Method::DELETE, "/v1/customers/me", None).await.expect(200);

    verified(&sources).await;
    let after = everything(&processes, &sources).await;
    assert_eq!(places_of(&after, &planted), []);
    assert_eq!(with_key(&after), 0);
    assert!(after.iter().any(|(_, text)| text.contains("CustomerErased")));
    sources.close().await;
}

//! Six processes on real servers, started once for the scenarios that run at the same time.

use std::path::Path;
use std::sync::{Arc, Weak};

use bank::verify::Sources;
use reqwest::Method;
use tempfile::TempDir;
use test_support::{Service, TestTokens, fresh_database_name, sibling_binary};
use tokio::sync::Mutex;

use super::QUICK_WEBHOOKS;
use super::processes::Processes;

const DATABASES: [&str; 6] = ["accounts", "transfers", "customers", "vault", "audit", "webhooks"];

/// What signing secrets are sealed with.
const SEALING_SECRET: &str = "nobody guesses this in a hundred years";

/// What the services show each other.
pub(crate) const INTERNAL_SECRET: &str = "between-services";

pub(crate) struct Distributed {
    pub(crate) processes: Processes,
}

impl Distributed {
    /// The bank that runs now, or a new one. The last scenario that lets go of it ends it.
    pub(crate) async fn shared() -> Arc<Self> {
        static RUNNING: Mutex<Weak<Distributed>> = Mutex::const_new(Weak::new());
        let mut running = RUNNING.lock().await;
        if let Some(distributed) = running.upgrade() {
            return distributed;
        }
        let distributed = Arc::new(Self { processes: Processes::start(&[]).await });
        *running = Arc::downgrade(&distributed);
        distributed
    }

    /// The address of the service that answers this request.
    pub(crate) fn service_for(&self, method: &Method, path: &str) -> &str {
        self.processes.address(match path.split(['/', '?']).nth(2).unwrap_or_default() {
            "transfers" | "bulk-transfers" | "transfer-orders" => "transfers",
            "accounts" if *method == Method::GET => "account-history",
            "accounts" => "accounts",
            "webhooks" => "webhooks",
            _ => "customers",
        })
    }
}

/// Starts one service on a free port, with more in its environment.
pub(crate) fn start(
    logs: &Path,
    name: &str,
    arguments: &[String],
    environment: &[(&str, String)],
) -> Service {
    let binary = sibling_binary(Path::new(env!("CARGO_BIN_EXE_bank")), name);
    let listen = ["--listen".to_owned(), "127.0.0.1:0".to_owned(), "--log".to_owned(), "info".to_owned()];
    let arguments = listen.iter().chain(arguments);
    Service::start(
        &binary,
        arguments,
        environment.iter().map(|(name, value)| (*name, value.as_str())),
        &logs.join(format!("{name}.log")),
    )
}

/// Databases and topics of their own on the shared servers; the databases go when this is dropped.
pub(crate) struct Servers {
    accounts_store: String,
    transfers_store: String,
    customers_store: String,
    webhooks_store: String,
    vault: String,
    pub(crate) audit: String,
    bus: String,
    views: String,
    admin: String,
    name: String,
    /// Where the services find the keys that tokens are checked with.
    keys: TempDir,
    tokens: TestTokens,
}

impl Servers {
    pub(crate) async fn prepare() -> Self {
        let admin = test_support::postgres_url().await;
        let brokers = test_support::kafka_brokers().await;
        let mongo = test_support::mongo_url().await;
        let name = fresh_database_name();
        let server = admin.rsplit_once('/').map_or(admin.as_str(), |(server, _)| server).to_owned();
        for service in DATABASES {
            run_sql(&admin, &format!("CREATE DATABASE {name}_{service}")).await;
        }
        let keys = tempfile::tempdir().expect("a folder");
        // Made before the services look for them, so that all find the same.
        let tokens = TestTokens::in_folder(keys.path());
        Self {
            accounts_store: format!("{server}/{name}_accounts"),
            transfers_store: format!("{server}/{name}_transfers"),
            customers_store: format!("{server}/{name}_customers"),
            webhooks_store: format!("{server}/{name}_webhooks"),
            vault: format!("{server}/{name}_vault"),
            audit: format!("{server}/{name}_audit"),
            bus: format!("kafka://{brokers}?prefix={name}."),
            views: format!("{}/{name}", mongo.trim_end_matches('/')),
            admin,
            name,
            keys,
            tokens,
        }
    }

    pub(crate) fn databases(&self) -> Vec<String> {
        let all = [
            &self.accounts_store,
            &self.transfers_store,
            &self.customers_store,
            &self.webhooks_store,
            &self.vault,
            &self.audit,
        ];
        all.map(Clone::clone).into()
    }

    pub(crate) fn tokens(&self) -> TestTokens {
        self.tokens.clone()
    }

    /// What every service behind the gateway is told.
    fn service_arguments(&self, keys: &str, pairs: &[(&str, &str)]) -> Vec<String> {
        let secret = format!("internal_secret={INTERNAL_SECRET}");
        let audit = format!("audit={}", self.audit);
        let common = [("--set", keys), ("--set", &secret), ("--set", &audit)];
        arguments(pairs).into_iter().chain(arguments(&common)).collect()
    }

    pub(crate) fn accounts_arguments(&self, keys: &str) -> Vec<String> {
        self.service_arguments(keys, &[("--store", &self.accounts_store), ("--bus", &self.bus)])
    }

    pub(crate) fn transfers_arguments(&self, keys: &str, accounts_url: &str) -> Vec<String> {
        let accounts = format!("accounts_url={accounts_url}");
        let own = [("--store", self.transfers_store.as_str()), ("--bus", &self.bus), ("--set", &accounts)];
        self.service_arguments(keys, &own)
    }

    /// The one service that has the keys themselves.
    pub(crate) fn customers_arguments(&self) -> Vec<String> {
        let keys = format!("tokens.keys=folder:{}", self.keys.path().display());
        let vault = format!("vault={}", self.vault);
        let audit = format!("audit={}", self.audit);
        arguments(&[
            ("--store", &self.customers_store),
            ("--bus", &self.bus),
            ("--set", &vault),
            ("--set", &audit),
            ("--set", &keys),
            ("--set", "passwords.memory_kib=64"),
            ("--set", "passwords.iterations=1"),
        ])
    }

    pub(crate) fn history_arguments(
        &self,
        keys: &str,
        accounts_url: &str,
        transfers_url: &str,
    ) -> Vec<String> {
        let accounts = format!("accounts_url={accounts_url}");
        let transfers = format!("transfers_url={transfers_url}");
        self.service_arguments(
            keys,
            &[("--views", &self.views), ("--bus", &self.bus), ("--set", &accounts), ("--set", &transfers)],
        )
    }

    /// Sends to receivers on this machine, which try again soon.
    pub(crate) fn webhooks_arguments(&self, keys: &str) -> Vec<String> {
        let audit = format!("audit={}", self.audit);
        let sealing = format!("sealing_secret={SEALING_SECRET}");
        let own = [("--store", self.webhooks_store.as_str()), ("--bus", &self.bus), ("--set", keys)];
        let set = [("--set", audit.as_str()), ("--set", &sealing)];
        let quick = QUICK_WEBHOOKS.map(|setting| format!("deliveries.{setting}"));
        let quick = quick.iter().map(|setting| ("--set", setting.as_str()));
        arguments(&own.into_iter().chain(set).chain(quick).collect::<Vec<_>>())
    }

    pub(crate) async fn sources(&self) -> Sources {
        let urls = bank::parts::Urls {
            accounts_store: self.accounts_store.as_str().into(),
            transfers_store: self.transfers_store.as_str().into(),
            customers_store: self.customers_store.as_str().into(),
            webhooks_store: self.webhooks_store.as_str().into(),
            vault: self.vault.as_str().into(),
            audit: self.audit.as_str().into(),
            bus: self.bus.as_str().into(),
            views: self.views.as_str().into(),
        };
        Sources::open(&urls).await.expect("the stores can be read")
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        // A thread with a runtime of its own: the one that made the databases may be gone.
        let dropped = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                for service in DATABASES {
                    run_sql(&admin, &format!("DROP DATABASE IF EXISTS {name}_{service} WITH (FORCE)")).await;
                }
            });
        });
        let _ = dropped.join();
    }
}

fn arguments(pairs: &[(&str, &str)]) -> Vec<String> {
    pairs.iter().flat_map(|(flag, value)| [(*flag).to_owned(), (*value).to_owned()]).collect()
}

async fn run_sql(url: &str, statement: &str) {
    use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
    let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
    connection
        .execute(AssertSqlSafe(statement.to_owned()))
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    connection.close().await.expect("PostgreSQL answers");
}

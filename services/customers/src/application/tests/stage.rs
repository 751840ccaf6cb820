//! The use cases on data of its own, with a clock that moves only when a test moves it.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::Request;
use chrono::{DateTime, TimeDelta, Utc};
use domain::customer::{CustomerRefusal, EmailAddress};
use event_store::{Clock, CommandContext, Commands, ExecuteError, LaneSettings, Repository};
use service_kit::command::{AnonymousRequest, ScopedRequest};
use service_kit::identity::{Seed, SigningKeys, TokenIssuer};
use service_kit::settings::SecretUrl;
use tempfile::TempDir;
use uuid::Uuid;

use crate::accounts::KnownAccounts;
use crate::application::{
    Application, CustomerError, Outcome, Profile, Registration, SignedInSession, active_state,
};
use crate::config::PasswordSettings;
use crate::passwords::{Password, Passwords};
use crate::vault::{EmailLookup, Hold, Vault};

pub(super) const PASSWORD: &str = "correct horse battery";

/// A minute and a second: older than any registration may be.
pub(super) const A_MINUTE: TimeDelta = TimeDelta::seconds(61);

pub(super) struct Stage {
    pub(super) application: Application,
    pub(super) vault_url: String,
    clock: Arc<StandingClock>,
    /// Kept for as long as the test lasts.
    _dir: Option<TempDir>,
}

/// A database each.
#[cfg(feature = "distributed")]
const PARTS: [&str; 2] = ["events", "vault"];

/// Stands still until it is moved.
struct StandingClock(AtomicI64);

impl Clock for StandingClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

impl Stage {
    #[cfg(feature = "embedded")]
    pub(super) async fn on_files() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = |name: &str| format!("sqlite://{}", dir.path().join(name).display());
        let (store, vault) = (url("customers.sqlite"), url("vault.sqlite"));
        Self::at(&store, vault, Some(dir)).await
    }

    #[cfg(feature = "distributed")]
    pub(super) async fn on_postgres() -> Self {
        let (server, name) = (test_support::postgres_url().await, test_support::fresh_database_name());
        let url = |part: &str| format!("{}/{name}_{part}", server.rsplit_once('/').unwrap().0);
        for part in PARTS {
            administer(format!("CREATE DATABASE {name}_{part}")).await;
        }
        Self::at(&url("events"), url("vault"), None).await
    }

    #[cfg(feature = "distributed")]
    pub(super) async fn drop_databases(self) {
        let (_, vault) = self.vault_url.rsplit_once('/').unwrap();
        for part in PARTS {
            let name = vault.replace("vault", part);
            administer(format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }

    async fn at(store: &str, vault_url: String, dir: Option<TempDir>) -> Self {
        let clock = Arc::new(StandingClock(AtomicI64::new(Utc::now().timestamp_micros())));
        let store = event_store::open(store).await.unwrap();
        let vault = Vault::open(&SecretUrl::from(vault_url.clone())).await.unwrap();
        let as_clock = || Arc::clone(&clock) as Arc<dyn Clock>;
        let repository = Repository::new(Arc::clone(&store), as_clock(), 0);
        let keys = SigningKeys::in_memory(Duration::from_secs(86400), Seed::random().unwrap(), clock.now());
        let passwords =
            PasswordSettings { memory_kib: 64, iterations: 1, at_once: NonZeroUsize::new(2).unwrap() };
        let application = Application {
            commands: Commands::lanes(repository.clone(), &LaneSettings::default()),
            repository,
            store,
            accounts: KnownAccounts::in_database(vault.pool().clone()),
            vault,
            passwords: Passwords::new(&passwords).unwrap(),
            issuer: TokenIssuer::new(keys.unwrap(), "urn:bank", "bank", TokenIssuer::LIFETIME).unwrap(),
            session_lifetime: Duration::from_secs(3600),
            clock: as_clock(),
        };
        Self { application, vault_url, clock, _dir: dir }
    }

    pub(super) fn pass(&self, time: TimeDelta) {
        self.clock.0.fetch_add(time.num_microseconds().unwrap(), Ordering::SeqCst);
    }

    /// A registration with this address, under this key if any.
    pub(super) async fn request(&self, key: Option<&str>, person: &Registration) -> ScopedRequest {
        let request = Request::post("/v1/customers");
        let request = key.into_iter().fold(request, |request, key| request.header("idempotency-key", key));
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let request = AnonymousRequest::from_request_parts(&mut parts, &()).await.unwrap();
        request.within(self.lookup(person).as_bytes()).unwrap()
    }

    pub(super) async fn try_register(&self, person: &Registration) -> Outcome {
        let request = self.request(None, person).await;
        self.application.register(person.clone(), &request).await
    }

    pub(super) async fn register(&self, person: &Registration) -> Uuid {
        self.try_register(person).await.unwrap().id
    }

    pub(super) async fn sign_in(&self, person: &Registration) -> Result<SignedInSession, CustomerError> {
        self.application.sign_in(&person.email, person.password.clone()).await
    }

    /// Whom this person signs in as.
    pub(super) async fn signs_in_as(&self, person: &Registration) -> Uuid {
        self.sign_in(person).await.unwrap().customer
    }

    pub(super) fn lookup(&self, person: &Registration) -> EmailLookup {
        self.application.vault.lookup(&person.email)
    }

    pub(super) async fn hold_on(&self, person: &Registration) -> Option<Hold> {
        self.application.vault.holder(&self.lookup(person)).await.unwrap()
    }

    pub(super) async fn holder_of(&self, person: &Registration) -> Option<Uuid> {
        self.hold_on(person).await.map(|held| held.customer)
    }

    pub(super) async fn has_key(&self, customer: Uuid) -> bool {
        self.application.vault.key(customer).await.unwrap().is_some()
    }

    /// The address that the customer's events name.
    pub(super) async fn address_of(&self, customer: Uuid) -> EmailAddress {
        let (found, key) = self.application.active(customer).await.unwrap();
        Profile::open(customer, active_state(&found).unwrap(), &key).unwrap().email
    }

    pub(super) async fn execute_sql(&self, statement: &'static str) -> u64 {
        sqlx::query(statement).execute(self.application.vault.pool()).await.unwrap().rows_affected()
    }

    pub(super) async fn count(&self, statement: &'static str) -> i64 {
        let (count,): (i64,) =
            sqlx::query_as(statement).fetch_one(self.application.vault.pool()).await.unwrap();
        count
    }
}

#[cfg(feature = "distributed")]
async fn administer(statement: String) {
    use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};

    sqlx::any::install_default_drivers();
    let mut server = AnyConnection::connect(&test_support::postgres_url().await).await.unwrap();
    server.execute(AssertSqlSafe(statement)).await.unwrap();
    server.close().await.unwrap();
}

pub(super) fn password(text: &str) -> Password {
    Password::try_from(text.to_owned()).unwrap()
}

/// Somebody who says that they are called this, with an address of this name.
pub(super) fn person(name: &str) -> Registration {
    Registration {
        email: format!("{}@example.org", name.to_lowercase()).parse().unwrap(),
        name: name.parse().unwrap(),
        password: password(PASSWORD),
    }
}

/// A command under an id of its own.
pub(super) fn context() -> CommandContext {
    CommandContext::new(Uuid::now_v7())
}

#[track_caller]
pub(super) fn assert_refused(outcome: &Outcome, expected: &CustomerRefusal) {
    match outcome {
        Err(CustomerError::Command(ExecuteError::Refused { refusal, .. })) => assert_eq!(refusal, expected),
        other => panic!("expected {expected:?}, not {other:?}"),
    }
}

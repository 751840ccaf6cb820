//! The whole bank in this process, on files in a folder of its own, with a gate before the bus.

use std::path::Path;
use std::sync::Arc;

use bank::config::Config;
use bank::parts::Parts;
use bank::verify::Sources;
use chrono::TimeDelta;
use event_store::Clock;
use service_kit::Tasks;
use service_kit::audit::AuditLog;
use service_kit::settings::{CommonArgs, ServerSettings};
use tempfile::TempDir;
use test_support::TestTokens;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::QUICK_WEBHOOKS;
use crate::clock::MovableClock;
use crate::gate::{GatedBus, Rules};
use crate::leaks;

/// Settings that differ from the defaults.
#[derive(Default)]
pub(crate) struct Overrides(Vec<String>);

impl Overrides {
    #[must_use]
    pub(crate) fn set(mut self, key: &str, value: &str) -> Self {
        self.0.push(format!("{key}={value}"));
        self
    }
}

pub(crate) struct Embedded {
    pub(crate) url: String,
    pub(crate) sources: Sources,
    pub(crate) rules: Arc<Rules>,
    pub(crate) clock: Arc<MovableClock>,
    parts: Parts,
    stop: CancellationToken,
    server: JoinHandle<()>,
    dir: TempDir,
}

impl Embedded {
    pub(crate) async fn start(overrides: Overrides) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), overrides, MovableClock::default()).await
    }

    async fn start_in(dir: TempDir, overrides: Overrides, clock: MovableClock) -> Self {
        leaks::watch_the_log();
        let config = config(dir.path(), overrides);
        let rules = Arc::new(Rules::default());
        let mut parts = Parts::open(&config).await.expect("the files can be opened");
        let sources = parts.sources();
        parts.bus = Arc::new(GatedBus::new(Arc::clone(&parts.bus), Arc::clone(&rules)));
        let tasks = Tasks::new();
        let clock = Arc::new(clock);
        let app = bank::build(&config, &parts, Arc::clone(&clock) as Arc<dyn Clock>, &tasks)
            .await
            .expect("it starts");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let stop = CancellationToken::new();
        let server = tokio::spawn({
            let stop = stop.clone();
            async move {
                let served = service_kit::host(listener, app, &ServerSettings::default(), tasks, stop).await;
                served.expect("it serves until it is stopped");
            }
        });
        Self { url, sources, rules, clock, parts, stop, server, dir }
    }

    /// Stops this bank, and starts another on the same files.
    pub(crate) async fn restart(self, overrides: Overrides) -> Self {
        let dir = self.halt().await;
        Self::start_in(dir, overrides, MovableClock::default()).await
    }

    /// The same, and so much time has gone by meanwhile.
    pub(crate) async fn restart_after(self, time: TimeDelta) -> Self {
        let clock = MovableClock::default();
        clock.advance(time);
        let dir = self.halt().await;
        Self::start_in(dir, Overrides::default(), clock).await
    }

    /// The keys of this bank.
    pub(crate) fn tokens(&self) -> TestTokens {
        TestTokens::in_folder(&self.dir.path().join("token-keys"))
    }

    pub(crate) fn folder(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn audit_log(&self) -> AuditLog {
        self.parts.audit.clone()
    }

    pub(crate) async fn stop(self) {
        self.halt().await;
    }

    async fn halt(self) -> TempDir {
        self.stop.cancel();
        self.server.await.expect("the server ends");
        self.parts.close().await;
        self.dir
    }
}

fn config(dir: &Path, overrides: Overrides) -> Config {
    // Hashed so that tests are about something else.
    let set = Overrides::default().set("passwords.memory_kib", "64").set("passwords.iterations", "1");
    let quick = QUICK_WEBHOOKS.map(|setting| format!("webhooks.{setting}"));
    let set = [set.0, quick.into(), overrides.0].concat();
    let arguments = CommonArgs { data_dir: Some(dir.to_owned()), set, ..CommonArgs::default() };
    service_kit::settings::load(bank::config::DEFAULTS, &arguments, std::iter::empty())
        .expect("good settings")
}

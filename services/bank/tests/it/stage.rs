//! A bank for one scenario: embedded in this process, the distributed processes that the scenarios share, or one that
//! runs already.
//!
//! Every stage whose stores can be read checks itself at its end: the invariants must hold on what it stored.

#[cfg(feature = "distributed")]
pub(crate) mod distributed;
mod embedded;
#[cfg(feature = "distributed")]
pub(crate) mod processes;
mod running;

use std::path::Path;
#[cfg(feature = "distributed")]
use std::sync::Arc;

use bank::verify::{Evidence, Report, Sources, check};
use chrono::{TimeDelta, Utc};
use messaging::topic_of;
use reqwest::Method;
use service_kit::audit::AuditLog;
use test_support::eventually;

use crate::client::Bank;
use crate::gate::Gate;
use crate::leaks;
pub(crate) use embedded::Overrides;

/// How the tests have webhooks sent: to receivers on this machine, and again soon.
pub(crate) const QUICK_WEBHOOKS: [&str; 7] = [
    "allow_http=true",
    "allow_private_addresses=true",
    "timeout=1s",
    "first_retry=50ms",
    "longest_retry=200ms",
    "poll_interval=50ms",
    "most_webhooks=500",
];

/// Reads every store and checks every invariant.
async fn report(sources: &Sources) -> Result<Report, String> {
    let evidence = Evidence::gather(sources).await.map_err(|error| format!("{error:#}"))?;
    Ok(check(&evidence, Utc::now() - TimeDelta::seconds(60)))
}

/// Waits until every transfer has ended, the views have caught up, and every invariant holds on what is stored.
pub(crate) async fn verified(sources: &Sources) {
    eventually(|| async {
        let report = report(sources).await?;
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
        if report.in_flight == 0 && !report.views_behind { Ok(()) } else { Err(format!("{report:?}")) }
    })
    .await;
}

/// Waits until the consumer group has stored that it handled everything that is in the topics.
pub(crate) async fn has_read(sources: &Sources, group: &str, aggregate_types: &[&str]) {
    let topics: Vec<String> = aggregate_types.iter().map(|of| topic_of(of)).collect();
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    eventually(|| async {
        match sources.bus.lag(group, &topics).await {
            Ok(0) => Ok(()),
            other => Err(format!("{group}: {other:?}")),
        }
    })
    .await;
}

/// Waits until a transfer, or a bulk of them, has recorded an event of this type.
pub(crate) async fn event_recorded(sources: &Sources, event_type: &str) {
    eventually(|| async {
        let mut events = sources.transfers.read_all("transfer").await.expect("the store can be read");
        events.extend(sources.transfers.read_all("bulk-transfer").await.expect("the store can be read"));
        if events.iter().any(|event| event.event_type == event_type) { Ok(()) } else { Err(events.len()) }
    })
    .await;
}

/// How many events the accounts and the transfers store hold.
pub(crate) async fn stored_events(sources: &Sources) -> (usize, usize) {
    let accounts = sources.accounts.read_all("account").await.expect("the store can be read");
    let transfers = sources.transfers.read_all("transfer").await.expect("the store can be read");
    let bulks = sources.transfers.read_all("bulk-transfer").await.expect("the store can be read");
    (accounts.len(), transfers.len() + bulks.len())
}

/// A running bank.
pub(crate) struct Stage {
    bank: Bank,
    kind: Kind,
}

enum Kind {
    Embedded(Box<embedded::Embedded>),
    #[cfg(feature = "distributed")]
    Distributed {
        /// Ends the processes when the last scenario lets go of it.
        running: Arc<distributed::Distributed>,
        /// Opened by this scenario: connections live on the runtime that made them, and each test has its own.
        sources: Box<Sources>,
    },
    /// Shows its HTTP interface alone.
    Running,
}

const NO_STORES: &str =
    "the stores of a bank that runs already cannot be read; whoever started it verifies them";

impl Stage {
    /// A bank in this process on files of its own.
    pub(crate) async fn embedded() -> Self {
        Self::embedded_with(|overrides| overrides).await
    }

    /// The same with other settings.
    pub(crate) async fn embedded_with(change: impl FnOnce(Overrides) -> Overrides) -> Self {
        Self::of(embedded::Embedded::start(change(Overrides::default())).await)
    }

    fn of(embedded: embedded::Embedded) -> Self {
        let bank = Bank::at(&embedded.url, embedded.tokens());
        Self { bank, kind: Kind::Embedded(Box::new(embedded)) }
    }

    /// The processes on PostgreSQL, Kafka and MongoDB, shared with the scenarios that run meanwhile.
    #[cfg(feature = "distributed")]
    pub(crate) async fn distributed() -> Self {
        let distributed = distributed::Distributed::shared().await;
        let sources = Box::new(distributed.processes.sources().await);
        let bank = distributed.processes.bank();
        Self { bank, kind: Kind::Distributed { running: distributed, sources } }
    }

    /// The bank that the environment names.
    pub(crate) fn running() -> Self {
        Self { bank: running::bank(), kind: Kind::Running }
    }

    pub(crate) fn bank(&self) -> &Bank {
        &self.bank
    }

    /// Where this request can be sent: to the bank, and in the distributed shape also to the service behind the
    /// gateway that answers it.
    #[cfg_attr(
        not(feature = "distributed"),
        expect(unused_variables, reason = "the embedded bank has one door, whatever is asked of it")
    )]
    pub(crate) fn doors(&self, method: &Method, path: &str) -> Vec<Bank> {
        let behind = match &self.kind {
            Kind::Embedded(_) | Kind::Running => None,
            #[cfg(feature = "distributed")]
            Kind::Distributed { running, .. } => Some(self.bank.behind(running.service_for(method, path))),
        };
        [self.bank.clone()].into_iter().chain(behind).collect()
    }

    pub(crate) fn sources(&self) -> &Sources {
        match &self.kind {
            Kind::Embedded(embedded) => &embedded.sources,
            #[cfg(feature = "distributed")]
            Kind::Distributed { sources, .. } => sources,
            Kind::Running => panic!("{NO_STORES}"),
        }
    }

    /// The services' audit log, read directly.
    pub(crate) async fn audit_log(&self) -> AuditLog {
        match &self.kind {
            Kind::Embedded(embedded) => embedded.audit_log(),
            #[cfg(feature = "distributed")]
            Kind::Distributed { running, .. } => {
                AuditLog::open(running.processes.audit_log()).await.expect("the audit log opens")
            }
            Kind::Running => panic!("{NO_STORES}"),
        }
    }

    /// In one snapshot of the accounts store, balances plus money in flight equal deposits minus withdrawals.
    pub(crate) async fn assert_money_conserved(&self) {
        let accounts =
            self.sources().accounts.read_all("account").await.expect("the accounts store can be read");
        let findings = bank::verify::money_in(&accounts);
        assert!(findings.is_empty(), "{findings:?}");
    }

    /// Reads every store and checks every invariant.
    pub(crate) async fn report(&self) -> Report {
        report(self.sources()).await.expect("the stores can be read")
    }

    pub(crate) async fn assert_verified(&self) {
        let report = self.report().await;
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
    }

    /// Neither a person nor a secret is in what was logged or stored until now.
    async fn assert_no_leak(&self) {
        leaks::expect_none_stored(self.sources()).await;
        leaks::expect_none_logged();
        #[cfg(feature = "distributed")]
        if let Kind::Distributed { running, .. } = &self.kind {
            running.processes.logs().iter().for_each(|log| leaks::expect_none("a log", log));
        }
    }

    /// Waits until every transfer has ended and the views have caught up.
    pub(crate) async fn settled(&self) {
        eventually(|| async {
            let report = self.report().await;
            if report.in_flight == 0 && !report.views_behind { Ok(()) } else { Err(report) }
        })
        .await;
    }

    /// Checks what was stored, where that can be read, and lets go of the bank.
    pub(crate) async fn end(self) {
        if !matches!(self.kind, Kind::Running) {
            self.assert_verified().await;
            self.assert_no_leak().await;
        }
        match self.kind {
            Kind::Running => {}
            Kind::Embedded(embedded) => embedded.stop().await,
            #[cfg(feature = "distributed")]
            Kind::Distributed { sources, .. } => sources.close().await,
        }
    }

    /// Holds one type of message back from a consumer group (embedded stages).
    pub(crate) fn hold(&self, group: &str, event_type: &str) -> Gate {
        self.in_process().rules.hold(group, event_type)
    }

    /// Loses one message for good (embedded stages).
    pub(crate) fn lose_once(&self, group: &str, event_type: &str) {
        self.in_process().rules.lose_once(group, event_type);
    }

    /// From now on every message arrives twice (embedded stages).
    pub(crate) fn deliver_everything_twice(&self) {
        self.in_process().rules.deliver_everything_twice();
    }

    /// Moves this bank's clock past the deadline of every transfer so far (embedded stages).
    pub(crate) fn let_the_deadline_pass(&self) {
        self.in_process().clock.advance(TimeDelta::seconds(61));
    }

    /// Puts this bank's clock so far ahead of the machine's, and gives a client whose tokens are good by then (embedded
    /// stages).
    pub(crate) fn put_ahead(&self, by: TimeDelta) -> Bank {
        self.in_process().clock.put_ahead(by);
        self.bank.ahead(by)
    }

    /// Stops this bank and starts another on its files after so much time (embedded stages). Like [`Stage::put_ahead`], it
    /// moves the clock of who decides; the views keep the machine's time, and [`Stage::bank`] is a client of theirs.
    pub(crate) async fn restart_after(self, time: TimeDelta) -> (Self, Bank) {
        match self.kind {
            Kind::Embedded(embedded) => {
                let stage = Self::of(embedded.restart_after(time).await);
                let later = stage.bank.ahead(time);
                (stage, later)
            }
            Kind::Running => panic!("whoever started this bank stops it"),
            #[cfg(feature = "distributed")]
            Kind::Distributed { .. } => panic!("the distributed bank is shared with other scenarios"),
        }
    }

    /// Stops this bank and starts another on its files (embedded stages).
    pub(crate) async fn restart_with(self, change: impl FnOnce(Overrides) -> Overrides) -> Self {
        match self.kind {
            Kind::Embedded(embedded) => Self::of(embedded.restart(change(Overrides::default())).await),
            #[cfg(feature = "distributed")]
            Kind::Distributed { .. } => panic!("the distributed bank is shared with other scenarios"),
            Kind::Running => panic!("whoever started this bank stops it"),
        }
    }

    /// Whether no other scenario uses this bank meanwhile.
    pub(crate) fn is_alone(&self) -> bool {
        matches!(self.kind, Kind::Embedded(_))
    }

    /// Where this bank's files are (embedded stages).
    pub(crate) fn folder(&self) -> &Path {
        self.in_process().folder()
    }

    fn in_process(&self) -> &embedded::Embedded {
        match &self.kind {
            Kind::Embedded(embedded) => embedded,
            #[cfg(feature = "distributed")]
            Kind::Distributed { .. } => panic!("only a bank in this process has a gate"),
            Kind::Running => panic!("only a bank in this process has a gate"),
        }
    }
}

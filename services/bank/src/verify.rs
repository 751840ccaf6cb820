//! Checks the bank's invariants on the stored data, reading every store directly.
//!
//! The bank may be running meanwhile. The evidence is gathered in an order in which a running bank can never
//! look wrong: what must come first is read last.

mod accounts;
mod bulk_transfers;
mod command;
mod commands;
mod customers;
pub mod evidence;
mod orders;
mod streams;
mod topics;
mod transfers;
mod views;
mod webhooks;

use std::fmt;

use chrono::{DateTime, Utc};
use event_store::RecordedEvent;
use serde::Serialize;

pub use command::{VerifyArgs, run};
pub use evidence::{Evidence, Sources};

/// What must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invariant {
    /// Balances plus money in flight equal deposits minus withdrawals.
    MoneyIsConserved,
    /// No account owes more than its overdraft limit in any version.
    WithinOverdraftLimit,
    /// Every transfer has ended as it should, or is within its deadline.
    TransfersEnd,
    /// A bulk transfer is debited as a whole or not at all, and each line that is debited is a transfer.
    BulksAreAtomic,
    /// Every due date of an order that came has its transfer, and every transfer of an order its due date.
    DueDatesHaveTransfers,
    /// A view equals a replay of the events.
    ViewEqualsReplay,
    /// Every stored event is in its topic, in order, and nothing else is.
    TopicEqualsStore,
    /// One command has one effect.
    OneEffectPerCommand,
    /// Versions run 1, 2, 3 and every event can be read.
    StreamsAreWhole,
    /// Whoever is a customer has a key and their address; of whoever was erased nothing is left.
    VaultFitsTheEvents,
    /// Webhooks tell customers of what they may see, and of nothing else.
    WebhooksTellTheirOwn,
}

impl Invariant {
    /// Every invariant, in the order of the report.
    pub const ALL: [Self; 11] = [
        Self::StreamsAreWhole,
        Self::MoneyIsConserved,
        Self::WithinOverdraftLimit,
        Self::TransfersEnd,
        Self::BulksAreAtomic,
        Self::DueDatesHaveTransfers,
        Self::ViewEqualsReplay,
        Self::TopicEqualsStore,
        Self::OneEffectPerCommand,
        Self::VaultFitsTheEvents,
        Self::WebhooksTellTheirOwn,
    ];

    /// What it promises, in words.
    #[must_use]
    pub fn promise(self) -> &'static str {
        match self {
            Self::MoneyIsConserved => "balances and money in flight equal deposits minus withdrawals",
            Self::WithinOverdraftLimit => "no account is below its overdraft limit in any version",
            Self::TransfersEnd => "every transfer has ended as it should, or is within its deadline",
            Self::BulksAreAtomic => {
                "every bulk transfer is debited as a whole or not at all, and each debited line is a transfer"
            }
            Self::DueDatesHaveTransfers => {
                "every due date that came has one transfer, and no order has any other"
            }
            Self::ViewEqualsReplay => "every view equals a replay of the events",
            Self::TopicEqualsStore => "every event is in its topic, in order, and nothing else is",
            Self::OneEffectPerCommand => "every command has one effect",
            Self::VaultFitsTheEvents => {
                "every customer has a key and their address, and nobody who was erased has any"
            }
            Self::WebhooksTellTheirOwn => {
                "webhooks tell customers of what they may see, and nobody who was erased has one"
            }
            Self::StreamsAreWhole => "every stream is whole and every event can be read",
        }
    }
}

/// A difference between what is stored and what must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What does not hold.
    pub invariant: Invariant,
    /// What it was found on: a stream, a transfer, a currency.
    pub subject: String,
    /// What was expected, and what is there.
    pub detail: String,
}

impl Finding {
    fn new(invariant: Invariant, subject: impl fmt::Display, detail: impl Into<String>) -> Self {
        Self { invariant, subject: subject.to_string(), detail: detail.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (must hold: {})", self.subject, self.detail, self.invariant.promise())
    }
}

/// How much was looked at, and what was found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Events read from the stores of accounts, transfers (with their orders) and customers.
    pub events: usize,
    /// Accounts that have been opened.
    pub accounts: usize,
    /// Transfers that have been accepted.
    pub transfers: usize,
    /// Orders for transfers that have been placed.
    pub orders: usize,
    /// Customers, those who were erased not counted.
    pub customers: usize,
    /// Transfers that have not ended yet, and bulk transfers that are not yet made of transfers, within their deadline;
    /// and due dates whose transfer is not created yet.
    pub in_flight: usize,
    /// Documents, entries and transfers in the views.
    pub view_records: usize,
    /// Messages in the topics.
    pub messages: usize,
    /// Whether the views have not caught up: events on their way are then no difference.
    pub views_behind: bool,
    /// The differences, in the order of [`Invariant::ALL`].
    pub findings: Vec<Finding>,
}

/// The first invariant alone, on one snapshot of the accounts' events: whatever is under way, money is conserved.
#[must_use]
pub fn money_in(accounts: &[RecordedEvent]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let accounts = accounts::read(accounts, &mut findings);
    accounts::money_is_conserved(&accounts, &mut findings);
    accounts::within_overdraft_limit(&accounts, &mut findings);
    findings
}

/// Checks everything. A transfer counts as overdue only when its deadline passed before `overdue_since`.
#[must_use]
pub fn check(evidence: &Evidence, overdue_since: DateTime<Utc>) -> Report {
    let mut findings = Vec::new();
    let accounts = accounts::read(&evidence.accounts, &mut findings);
    let transfers = transfers::read(&evidence.transfers, &mut findings);
    let orders = orders::read(&evidence.orders, &mut findings);
    let customers = customers::read(&evidence.customers, &mut findings);
    accounts::money_is_conserved(&accounts, &mut findings);
    accounts::within_overdraft_limit(&accounts, &mut findings);
    let bulks = bulk_transfers::read(&evidence.bulks, &mut findings);
    let bulks_before = bulk_transfers::read(&evidence.bulks_before, &mut Vec::new());
    let ended_before = transfers::read(&evidence.transfers_before, &mut Vec::new());
    let to_come = bulk_transfers::lines_to_come(&bulks);
    transfers::end(&transfers, &ended_before, &accounts, &to_come, overdue_since, &mut findings);
    bulk_transfers::are_atomic(&bulks, &bulks_before, &accounts, &transfers, &mut findings);
    bulk_transfers::end(&bulks, overdue_since, &mut findings);
    bulk_transfers::own_their_lines(&bulks, &ended_before, &mut findings);
    orders::have_their_transfers(&orders, &transfers, overdue_since, &mut findings);
    views::equal_a_replay(evidence, &mut findings);
    topics::equal_the_stores(evidence, &mut findings);
    commands::have_one_effect(evidence, &mut findings);
    customers::have_their_keys(evidence, &mut findings);
    webhooks::tell_their_own(evidence, &mut findings);
    findings
        .sort_by_key(|finding| Invariant::ALL.iter().position(|invariant| *invariant == finding.invariant));
    let pending = transfers.values().filter(|transfer| transfer.is_pending()).count();
    let bulks_pending = bulks.values().filter(|bulk| bulk_transfers::is_pending(bulk)).count();
    Report {
        events: evidence.stored().count(),
        accounts: accounts.values().filter(|account| account.is_opened()).count(),
        transfers: transfers.values().filter(|transfer| transfer.is_created()).count(),
        customers: customers.values().filter(|customer| customer.active().is_some()).count(),
        orders: orders.len(),
        in_flight: pending + bulks_pending + orders::on_their_way(&orders, &transfers),
        view_records: views::count(&evidence.views),
        messages: evidence.messages.len(),
        views_behind: evidence.views_behind,
        findings,
    }
}

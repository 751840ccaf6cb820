//! The accounts store by itself: an independent ledger, kept in wide integers and never through `evolve`.

use std::collections::BTreeMap;

use domain::account::AccountEvent;
use domain::bulk_transfer::BulkLine;
use domain::ids::{AccountId, BulkId, TransferId};
use domain::money::Currency;
use event_store::RecordedEvent;
use uuid::Uuid;

use super::{Finding, Invariant, streams};

/// What one account's events say.
#[derive(Debug, Default)]
pub(super) struct AccountLedger {
    movements: Vec<Movement>,
    currency: Option<String>,
    /// How much the account may owe.
    overdraft_limit: i128,
    /// What this account answered to each transfer's steps; a debit with lines is one answer for each of them.
    pub(super) answers: Vec<(TransferId, Answer)>,
    /// The debits with lines.
    pub(super) lines_debits: Vec<LinesDebit>,
}

/// A debit for all lines of a bulk transfer at once.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LinesDebit {
    pub(super) bulk_id: BulkId,
    pub(super) from_account_id: AccountId,
    pub(super) currency: Currency,
    pub(super) lines: Vec<BulkLine>,
}

/// A change of the balance, or of how low it may be.
#[derive(Debug, Clone)]
struct Movement {
    version: i64,
    /// Positive into the account.
    change: i128,
    /// What the event itself says of the balance afterwards, if it does.
    stated_balance: Option<i128>,
    /// How much the account may owe from then on.
    overdraft_limit: i128,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Outside,
    Transfer,
    Limit,
}

/// What an account did for a transfer, with minor units where money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Debited(i128),
    DebitRejected,
    Credited(i128),
    CreditRejected,
    Reversed(i128),
}

impl AccountLedger {
    pub(super) fn is_opened(&self) -> bool {
        self.currency.is_some()
    }

    fn take(&mut self, version: i64, event: &AccountEvent) {
        match event {
            AccountEvent::OverdraftLimitSet { limit, .. } => {
                self.overdraft_limit = i128::from(limit.minor_units());
            }
            AccountEvent::AccountClosed { .. } => self.overdraft_limit = 0,
            _ => {}
        }
        let overdraft_limit = self.overdraft_limit;
        let mut movement = |change: i128, stated: i64, kind| {
            let stated_balance = Some(i128::from(stated));
            self.movements.push(Movement { version, change, stated_balance, overdraft_limit, kind });
        };
        match event {
            AccountEvent::AccountOpened { currency, .. } => self.currency = Some(currency.to_string()),
            AccountEvent::AccountDeposited { money, balance, .. } => {
                movement(i128::from(money.amount.minor_units()), balance.minor_units(), Kind::Outside);
            }
            AccountEvent::AccountWithdrawn { money, balance, .. }
            | AccountEvent::HoldCaptured { money, balance, .. } => {
                movement(-i128::from(money.amount.minor_units()), balance.minor_units(), Kind::Outside);
            }
            AccountEvent::AccountDebited { transfer_id, money, balance, .. } => {
                let amount = i128::from(money.amount.minor_units());
                movement(-amount, balance.minor_units(), Kind::Transfer);
                self.answers.push((*transfer_id, Answer::Debited(amount)));
            }
            AccountEvent::AccountLinesDebited {
                bulk_id, from_account_id, currency, lines, balance, ..
            } => {
                let amount = |line: &BulkLine| i128::from(line.amount.minor_units());
                movement(-lines.iter().map(amount).sum::<i128>(), balance.minor_units(), Kind::Transfer);
                let debits = lines.iter().map(|line| (line.transfer_id, Answer::Debited(amount(line))));
                self.answers.extend(debits);
                self.lines_debits.push(LinesDebit {
                    bulk_id: *bulk_id,
                    from_account_id: *from_account_id,
                    currency: *currency,
                    lines: lines.clone(),
                });
            }
            AccountEvent::AccountCredited { transfer_id, money, balance, .. } => {
                let amount = i128::from(money.amount.minor_units());
                movement(amount, balance.minor_units(), Kind::Transfer);
                self.answers.push((*transfer_id, Answer::Credited(amount)));
            }
            AccountEvent::AccountDebitReversed { transfer_id, money, balance, .. } => {
                let amount = i128::from(money.amount.minor_units());
                movement(amount, balance.minor_units(), Kind::Transfer);
                self.answers.push((*transfer_id, Answer::Reversed(amount)));
            }
            AccountEvent::AccountDebitRejected { transfer_id, .. } => {
                self.answers.push((*transfer_id, Answer::DebitRejected));
            }
            AccountEvent::AccountCreditRejected { transfer_id, .. } => {
                self.answers.push((*transfer_id, Answer::CreditRejected));
            }
            AccountEvent::OverdraftLimitSet { .. } | AccountEvent::AccountClosed { .. } => {
                let (change, stated_balance, kind) = (0, None, Kind::Limit);
                self.movements.push(Movement { version, change, stated_balance, overdraft_limit, kind });
            }
            AccountEvent::DailyTransferLimitSet { .. }
            | AccountEvent::AccountLinesDebitRejected { .. }
            | AccountEvent::HoldPlaced { .. }
            | AccountEvent::HoldVoided { .. }
            | AccountEvent::HoldExpired { .. }
            | AccountEvent::AccountFrozen { .. }
            | AccountEvent::AccountUnfrozen { .. } => {}
        }
    }
}

pub(super) fn read(events: &[RecordedEvent], findings: &mut Vec<Finding>) -> BTreeMap<Uuid, AccountLedger> {
    streams::read(events, findings, |account: &mut AccountLedger, version, event| {
        account.take(version, &event)
    })
}

pub(super) fn money_is_conserved(accounts: &BTreeMap<Uuid, AccountLedger>, findings: &mut Vec<Finding>) {
    let mut outside: BTreeMap<&str, i128> = BTreeMap::new();
    let mut balances: BTreeMap<&str, i128> = BTreeMap::new();
    let mut in_flight: BTreeMap<&str, i128> = BTreeMap::new();
    for account in accounts.values() {
        let currency = account.currency.as_deref().unwrap_or("no currency");
        // What the account itself would tell a customer: the last stated balance, not our own sum.
        let stated = account.movements.iter().rev().find_map(|movement| movement.stated_balance);
        *balances.entry(currency).or_default() += stated.unwrap_or_default();
        let from_outside = account
            .movements
            .iter()
            .filter(|movement| movement.kind == Kind::Outside)
            .map(|movement| movement.change);
        *outside.entry(currency).or_default() += from_outside.sum::<i128>();
        let flying = account.answers.iter().map(|(_, answer)| match answer {
            Answer::Debited(amount) => *amount,
            Answer::Credited(amount) | Answer::Reversed(amount) => -amount,
            Answer::DebitRejected | Answer::CreditRejected => 0,
        });
        *in_flight.entry(currency).or_default() += flying.sum::<i128>();
    }
    for (currency, paid_in) in outside {
        let held = balances.get(currency).copied().unwrap_or_default();
        let flying = in_flight.get(currency).copied().unwrap_or_default();
        if held + flying != paid_in {
            let detail = format!(
                "balances {held} and {flying} in flight make {}, deposits minus withdrawals make {paid_in}",
                held + flying
            );
            findings.push(Finding::new(Invariant::MoneyIsConserved, currency, detail));
        }
        if flying < 0 {
            let detail = format!("{flying} in flight: more was credited or given back than was debited");
            findings.push(Finding::new(Invariant::MoneyIsConserved, currency, detail));
        }
    }
}

pub(super) fn within_overdraft_limit(accounts: &BTreeMap<Uuid, AccountLedger>, findings: &mut Vec<Finding>) {
    for (id, account) in accounts {
        let mut balance = 0;
        for movement in &account.movements {
            balance += movement.change;
            let Movement { version, stated_balance, overdraft_limit, .. } = *movement;
            if balance < -overdraft_limit {
                let detail =
                    format!("the balance is {balance} at version {version}, the limit {overdraft_limit}");
                findings.push(Finding::new(Invariant::WithinOverdraftLimit, format!("account/{id}"), detail));
                break;
            }
            if let Some(stated) = stated_balance.filter(|stated| *stated != balance) {
                let detail =
                    format!("the events up to version {version} make {balance}, the event says {stated}");
                findings.push(Finding::new(Invariant::MoneyIsConserved, format!("account/{id}"), detail));
                break;
            }
        }
    }
}

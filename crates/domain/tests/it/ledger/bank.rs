//! The domain's accounts and transfers, put to work without any service around them.

use chrono::{DateTime, TimeDelta, Utc};
use domain::Aggregate;
use domain::account::{Account, AccountCommand, AccountEvent};
use domain::ids::{AccountId, HoldId, TransferId};
use domain::transfer::{MoneyTransfer, TransferCommand, TransferDetails, TransferEvent, saga};
use uuid::Uuid;

use super::book::Line;
use super::happening::{ACCOUNTS, Happening};
use crate::fixtures::*;

/// An aggregate in memory and everything that ever happened to it.
#[derive(Debug)]
struct Kept<A: Aggregate> {
    state: A,
    history: Vec<A::Event>,
}

/// The accounts, one transfer after the other, and how many minutes after noon it is.
#[derive(Debug, Default)]
pub(super) struct Bank {
    minutes: i64,
    accounts: [Kept<Account>; ACCOUNTS],
    transfers: Vec<Kept<MoneyTransfer>>,
}

impl<A: Aggregate> Default for Kept<A> {
    fn default() -> Self {
        Self { state: A::default(), history: vec![] }
    }
}

impl<A: Aggregate> Kept<A> {
    /// What happened because of the command; nothing when it was refused.
    fn ask(&mut self, command: &A::Command) -> Vec<A::Event> {
        let decided = self.state.decide(command);
        assert_eq!(decided, self.state.decide(command), "deciding twice gives the same");
        let events = decided.unwrap_or_default();
        self.state = self.state.clone().fold(&events);
        self.history.extend(events.clone());
        events
    }

    fn assert_replays(&self) {
        assert_eq!(self.state, A::default().fold(&self.history));
    }
}

impl Bank {
    pub(super) fn happens(&mut self, happening: &Happening) {
        let (actor, memo, reason, now) = (operator(), None, None, self.now());
        match *happening {
            Happening::Open { account, initial, euros } => {
                let account_id = account_id(account);
                let currency = currency(if euros { "EUR" } else { "USD" });
                let initial_balance = initial.map(amount);
                let (customer_id, title) = (alice(), title());
                self.accounts[account].ask(&AccountCommand::Open {
                    actor,
                    account_id,
                    customer_id,
                    title,
                    currency,
                    initial_balance,
                    now,
                });
            }
            Happening::Deposit { account, cents } => {
                self.accounts[account].ask(&AccountCommand::Deposit { actor, money: usd(cents), memo, now });
            }
            Happening::Withdraw { account, cents } => {
                self.accounts[account].ask(&AccountCommand::Withdraw { actor, money: usd(cents), memo, now });
            }
            Happening::SetOverdraftLimit { account, cents } => {
                let (limit, currency) = (amount_or_zero(cents), currency("USD"));
                let command = AccountCommand::SetOverdraftLimit { actor, limit, currency, now };
                self.accounts[account].ask(&command);
            }
            Happening::SetDailyLimit { account, cents } => {
                let (limit, currency) = (cents.map(amount), currency("USD"));
                let command = AccountCommand::SetDailyTransferLimit { actor, limit, currency, now };
                self.accounts[account].ask(&command);
            }
            Happening::PlaceHold { account, hold, cents, minutes } => {
                let (hold_id, expires_at) = (hold_id(hold), now + TimeDelta::minutes(minutes));
                let money = usd(cents);
                self.accounts[account].ask(&AccountCommand::PlaceHold {
                    actor,
                    hold_id,
                    money,
                    memo,
                    expires_at,
                    now,
                });
            }
            Happening::CaptureHold { account, hold, cents } => {
                let (hold_id, amount) = (hold_id(hold), cents.map(amount));
                self.accounts[account].ask(&AccountCommand::CaptureHold { actor, hold_id, amount, now });
            }
            Happening::VoidHold { account, hold } => {
                let hold_id = hold_id(hold);
                self.accounts[account].ask(&AccountCommand::VoidHold { actor, hold_id, now });
            }
            Happening::ExpireHolds { account } => {
                self.accounts[account].ask(&AccountCommand::ExpireHolds { now });
            }
            Happening::Wait { minutes } => self.minutes += minutes,
            Happening::Freeze { account } => {
                self.accounts[account].ask(&AccountCommand::Freeze { actor, reason, now });
            }
            Happening::Unfreeze { account } => {
                self.accounts[account].ask(&AccountCommand::Unfreeze { actor, reason, now });
            }
            Happening::Close { account } => {
                self.accounts[account].ask(&AccountCommand::Close { actor, reason, now });
            }
            Happening::Transfer { from, to, cents, late } => self.transfer(from, to, cents, late),
        }
    }

    /// Carries a transfer from its creation to its end by the saga's lists.
    fn transfer(&mut self, from: usize, to: usize, cents: u64, late: bool) {
        let transfer_id = TransferId(Uuid::from_u128(0x7_000 + self.transfers.len() as u128));
        let (from_account_id, to_account_id) = (account_id(from), account_id(to));
        let deadline = self.now() + TimeDelta::minutes(10);
        let details =
            TransferDetails { transfer_id, from_account_id, to_account_id, deadline, ..transfer(usd(cents)) };
        let mut transfer = Kept::<MoneyTransfer>::default();
        let mut events = transfer.ask(&TransferCommand::Create { details, now: self.now() });
        while let Some(answer) = events.first().and_then(|event| self.answer(event, late)) {
            let (_, _, command) = saga::transfer_commands_after(&answer).expect("an answer to the transfer");
            events = transfer.ask(&command);
        }
        assert_eq!(transfer.state.deadline(), None, "the transfer has ended");
        self.transfers.push(transfer);
    }

    fn answer(&mut self, event: &TransferEvent, late: bool) -> Option<AccountEvent> {
        let is_credit = matches!(event, TransferEvent::DebitRecorded { .. });
        let now = if late && is_credit { self.now() + TimeDelta::minutes(10) } else { self.now() };
        let (account_id, _, command, _) = saga::account_commands_after(event, now)?;
        self.accounts[account_number(account_id)].ask(&command).pop()
    }

    pub(super) fn statement(&self) -> [Line; ACCOUNTS] {
        self.accounts.each_ref().map(|account| {
            let status = account.state.status().map(|status| status.as_str());
            let available = account.state.opened().map(|opened| opened.available(self.now()));
            let available = available.map_or(0, |available| i128::from(available.minor_units()));
            (status, i128::from(account.state.balance().minor_units()), available)
        })
    }

    fn now(&self) -> DateTime<Utc> {
        at(self.minutes)
    }

    pub(super) fn held(&self) -> i128 {
        self.statement().iter().map(|(_, balance, _)| balance).sum()
    }

    pub(super) fn assert_replays(&self) {
        self.accounts.iter().for_each(Kept::assert_replays);
        self.transfers.iter().for_each(Kept::assert_replays);
    }
}

fn account_id(number: usize) -> AccountId {
    AccountId(Uuid::from_u128(number as u128))
}

fn hold_id(number: usize) -> HoldId {
    HoldId(Uuid::from_u128(number as u128))
}

fn account_number(account_id: AccountId) -> usize {
    (0..ACCOUNTS).find(|number| self::account_id(*number) == account_id).expect("one of the bank's accounts")
}

//! An account's part in a transfer: the three steps that it is asked for.
//!
//! Invariant: a debit and a credit are always answered, by the success or by the rejection; and a debit that
//! was taken is always taken back when asked, whatever has become of the account.

use chrono::{DateTime, Utc};

use super::{Account, AccountEvent as Event, AccountRefusal, AccountStatus, OpenedAccount};
use crate::money::{Amount, Balance, Currency};
use crate::text::Actor;
use crate::transfer::{RefusalReason, TransferDetails, UnwindReason};

pub(super) fn debit(account: &Account, transfer: &TransferDetails, now: DateTime<Utc>) -> Event {
    match balance_after_debit(account, transfer, now) {
        Ok((account, balance)) => Event::AccountDebited {
            transfer_id: transfer.transfer_id,
            owner: Some(account.owner.clone()),
            from_account_id: transfer.from_account_id,
            to_account_id: transfer.to_account_id,
            money: transfer.money,
            memo: transfer.memo.clone(),
            balance,
            at: now,
        },
        Err(reason) => refuse_debit(transfer, reason),
    }
}

pub(super) fn credit(account: &Account, transfer: &TransferDetails, now: DateTime<Utc>) -> Event {
    match balance_after_credit(account, transfer, now) {
        Ok((account, balance)) => Event::AccountCredited {
            transfer_id: transfer.transfer_id,
            owner: Some(account.owner.clone()),
            from_account_id: transfer.from_account_id,
            to_account_id: transfer.to_account_id,
            money: transfer.money,
            memo: transfer.memo.clone(),
            balance,
            at: now,
        },
        Err(reason) => refuse_credit(transfer, reason),
    }
}

pub(super) fn refuse_debit(transfer: &TransferDetails, reason: RefusalReason) -> Event {
    Event::AccountDebitRejected { transfer_id: transfer.transfer_id, reason }
}

pub(super) fn refuse_credit(transfer: &TransferDetails, reason: RefusalReason) -> Event {
    Event::AccountCreditRejected { transfer_id: transfer.transfer_id, reason }
}

/// Refuses only when there is no room: the account was filled up to the largest balance since the debit, so the
/// caller has to wait for a withdrawal.
pub(super) fn reverse_debit(
    account: &OpenedAccount,
    transfer: &TransferDetails,
    reason: UnwindReason,
    now: DateTime<Utc>,
) -> Result<Event, AccountRefusal> {
    let money = transfer.money;
    let balance = account.balance.checked_add(money.amount).ok_or(AccountRefusal::LimitExceeded)?;
    Ok(Event::AccountDebitReversed { transfer_id: transfer.transfer_id, money, reason, balance, at: now })
}

fn balance_after_debit<'a>(
    account: &'a Account,
    transfer: &TransferDetails,
    now: DateTime<Utc>,
) -> Result<(&'a OpenedAccount, Balance), RefusalReason> {
    let account = account.source_of(transfer.actor.as_ref())?;
    if transfer.from_account_id == transfer.to_account_id {
        return Err(RefusalReason::SameAccount);
    }
    account.expect_movable(transfer.money.currency, transfer.deadline, now)?;
    let balance = account.balance_after_transfer(transfer.money.amount, now)?;
    Ok((account, balance))
}

fn balance_after_credit<'a>(
    account: &'a Account,
    transfer: &TransferDetails,
    now: DateTime<Utc>,
) -> Result<(&'a OpenedAccount, Balance), RefusalReason> {
    let account = account.opened().ok_or(RefusalReason::AccountNotFound)?;
    account.expect_movable(transfer.money.currency, transfer.deadline, now)?;
    let balance = account.balance.checked_add(transfer.money.amount);
    balance.map(|balance| (account, balance)).ok_or(RefusalReason::LimitExceeded)
}

impl Account {
    /// The account, if it was opened and `actor` may take money out of it. To an outsider a foreign account is not there,
    /// so ownership is looked at before anything else is told.
    pub(super) fn source_of(&self, actor: Option<&Actor>) -> Result<&OpenedAccount, RefusalReason> {
        let account = self.opened().ok_or(RefusalReason::AccountNotFound)?;
        let is_theirs = actor.is_none_or(|actor| actor.may_act_for(&account.owner));
        is_theirs.then_some(account).ok_or(RefusalReason::AccountNotFound)
    }
}

impl OpenedAccount {
    /// What the account holds after a transfer, or a bulk of them, has taken `amount` out.
    pub(super) fn balance_after_transfer(
        &self,
        amount: Amount,
        now: DateTime<Utc>,
    ) -> Result<Balance, RefusalReason> {
        let balance = self.balance_after(amount, None, now).map_err(|_| RefusalReason::InsufficientFunds)?;
        self.is_within_daily_limit(amount, now).then_some(balance).ok_or(RefusalReason::LimitExceeded)
    }

    /// Whether transfers in this currency may move anything, while there is time for it.
    pub(super) fn expect_movable(
        &self,
        currency: Currency,
        deadline: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), RefusalReason> {
        if now >= deadline {
            return Err(RefusalReason::DeadlineExceeded);
        }
        match self.status {
            AccountStatus::Open => {}
            AccountStatus::Frozen => return Err(RefusalReason::AccountFrozen),
            AccountStatus::Closed | AccountStatus::ClosedWithBalance => {
                return Err(RefusalReason::AccountClosed);
            }
        }
        if currency != self.currency {
            return Err(RefusalReason::CurrencyMismatch);
        }
        Ok(())
    }
}

//! The streams of one bulk transfer, and what the services may do next.

use std::collections::BTreeSet;
use std::mem::{Discriminant, discriminant};

use domain::Aggregate;
use domain::account::{Account, AccountCommand, AccountEvent};
use domain::bulk_transfer::{self, BulkTransfer, BulkTransferCommand, BulkTransferEvent};
use domain::ids::{AccountId, TransferId};
use domain::transfer::{MoneyTransfer, TransferCommand, TransferEvent, saga};
use uuid::Uuid;

use crate::fixtures::*;

/// Never opened, so that it refuses.
const CAROLS: AccountId = AccountId(Uuid::from_u128(0xCA401));

/// A bug that the search must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sabotage {
    None,
    DebitsLinesAgain,
    GivesUpUnderAnotherId,
}

/// Three accounts, the bulk transfer, its two lines, and which commands were carried out.
#[derive(Debug, Clone)]
pub(super) struct World {
    accounts: [Vec<AccountEvent>; 3],
    bulk: Vec<BulkTransferEvent>,
    transfers: [Vec<TransferEvent>; 2],
    handled: BTreeSet<Uuid>,
    /// Whether the deadline has passed.
    late: bool,
    loses_the_debits_record: bool,
    sabotage: Sabotage,
}

type Steps = Result<Vec<World>, String>;

/// What kind of events each stream has, which commands were carried out, and whether it is late.
pub(super) type Key = (
    [Vec<Discriminant<AccountEvent>>; 3],
    Vec<Discriminant<BulkTransferEvent>>,
    [Vec<Discriminant<TransferEvent>>; 2],
    BTreeSet<Uuid>,
    bool,
);

impl World {
    /// Alice has so many cents, and pays 30 to Bob and 20 to an account that is not there.
    pub(super) fn of(cents: u64, loses_the_debits_record: bool, sabotage: Sabotage) -> Self {
        let mut details = bulk(&[30, 20]);
        details.lines[1].to_account_id = CAROLS;
        Self {
            accounts: [vec![opened(), deposited(cents)], vec![opened()], vec![]],
            bulk: vec![BulkTransferEvent::BulkTransferCreated { bulk: details, at: noon() }],
            transfers: [vec![], vec![]],
            handled: BTreeSet::new(),
            late: false,
            loses_the_debits_record,
            sabotage,
        }
    }

    /// Equal for worlds from which the same can follow: amounts and reasons follow from what happened in which order.
    pub(super) fn key(&self) -> Key {
        let accounts = self.accounts.each_ref().map(|events| kinds(events));
        let transfers = self.transfers.each_ref().map(|events| kinds(events));
        (accounts, kinds(&self.bulk), transfers, self.handled.clone(), self.late)
    }

    pub(super) fn bulk(&self) -> BulkTransfer {
        BulkTransfer::default().fold(&self.bulk)
    }

    pub(super) fn transfers(&self) -> [MoneyTransfer; 2] {
        [0, 1].map(|index| MoneyTransfer::default().fold(&self.transfers[index]))
    }

    pub(super) fn balances(&self) -> [i64; 3] {
        [0, 1, 2].map(|index: usize| self.account(index).balance().minor_units())
    }

    fn account(&self, index: usize) -> Account {
        Account::default().fold(&self.accounts[index])
    }

    /// Balances, and what was debited and is neither credited nor given back, are what was paid in.
    pub(super) fn money_is_conserved(&self) -> Result<(), String> {
        let paid_in = self.accounts[0].iter().find_map(|event| match event {
            AccountEvent::AccountDeposited { money, .. } => Some(money.amount.minor_units().cast_signed()),
            _ => None,
        });
        let flying: i64 = self.accounts.iter().flatten().map(flight).sum();
        let held: i64 = self.balances().into_iter().sum();
        let conserved = Some(held + flying) == paid_in && flying >= 0 && self.balances()[0] >= 0;
        if conserved { Ok(()) } else { Err(format!("{held} held, {flying} in flight: {self:?}")) }
    }

    /// The source answers once for all lines, and is asked for none of them by itself.
    pub(super) fn lines_leave_together(&self) -> Result<(), String> {
        let is_answer = |event: &&AccountEvent| {
            matches!(
                event,
                AccountEvent::AccountLinesDebited { .. } | AccountEvent::AccountLinesDebitRejected { .. }
            )
        };
        if self.accounts[0].iter().filter(is_answer).count() > 1 {
            return Err("the source answered twice".to_owned());
        }
        let alone = self.accounts[0].iter().any(|event| matches!(event, AccountEvent::AccountDebited { .. }));
        if alone { Err("a line was debited by itself".to_owned()) } else { Ok(()) }
    }

    /// Every world that may come next: a message is handled, the deadline passes, or the sweeper looks.
    pub(super) fn steps(&self) -> Steps {
        let mut next = self.after_bulk_messages()?;
        next.extend(self.after_transfer_messages()?);
        next.extend(self.after_answers()?);
        if self.late {
            next.extend(self.after_sweeps()?);
        } else {
            next.push(Self { late: true, ..self.clone() });
        }
        Ok(next)
    }

    fn after_bulk_messages(&self) -> Steps {
        let mut next = Vec::new();
        for event in &self.bulk {
            if let Some((_, mut command_id, command)) =
                bulk_transfer::saga::account_command_after(event, self.now())
            {
                let gives_up = matches!(command, AccountCommand::RefuseDebitLines { .. });
                if gives_up && self.sabotage == Sabotage::GivesUpUnderAnotherId {
                    command_id = Uuid::new_v5(&command_id, b"another");
                }
                next.push(self.with_account(0, command_id, &command)?);
            }
            let is_lost =
                self.loses_the_debits_record && matches!(event, BulkTransferEvent::BulkDebitRecorded { .. });
            if !is_lost {
                next.extend(
                    self.with_lines(bulk_transfer::saga::transfer_commands_after(event, self.now()))?,
                );
            }
        }
        Ok(next)
    }

    /// Each line may be the last one before a crash; the note follows only when none is missing.
    fn with_lines(&self, lines: Vec<(TransferId, Uuid, TransferCommand)>) -> Steps {
        let mut next = Vec::new();
        let all =
            !lines.is_empty() && lines.iter().all(|(_, command_id, _)| self.handled.contains(command_id));
        for (transfer_id, command_id, command) in lines {
            next.push(self.with_transfer(transfer_id, command_id, &command)?);
        }
        if all {
            let (command_id, command) = bulk_transfer::saga::lines_started(BULK);
            next.push(self.with_bulk(command_id, &command)?);
        }
        Ok(next)
    }

    fn after_transfer_messages(&self) -> Steps {
        let mut next = Vec::new();
        for event in self.transfers.iter().flatten() {
            let event = self.as_accounts_read(event);
            if let Some((account, command_id, command, _)) = saga::account_commands_after(&event, self.now())
            {
                let index = [ALICES, BOBS, CAROLS].iter().position(|known| *known == account);
                next.push(self.with_account(index.expect("one of the three"), command_id, &command)?);
            }
        }
        Ok(next)
    }

    /// A transfer that does not say that it is a line looks like any other.
    fn as_accounts_read(&self, event: &TransferEvent) -> TransferEvent {
        let mut event = event.clone();
        if let (Sabotage::DebitsLinesAgain, TransferEvent::MoneyTransferCreated { transfer, .. }) =
            (self.sabotage, &mut event)
        {
            transfer.bulk_id = None;
        }
        event
    }

    fn after_answers(&self) -> Steps {
        let mut next = Vec::new();
        for event in self.accounts.iter().flatten() {
            if let Some((_, command_id, command)) = bulk_transfer::saga::bulk_command_after(event) {
                next.push(self.with_bulk(command_id, &command)?);
            }
            if let Some((transfer_id, command_id, command)) = saga::transfer_commands_after(event) {
                next.push(self.with_transfer(transfer_id, command_id, &command)?);
            }
        }
        Ok(next)
    }

    /// The sweeper looks at each stream once, and at lines that wait as often as it must.
    fn after_sweeps(&self) -> Steps {
        let (now, next_check_at) = (at(1_000), at(2_000));
        let mut next = Vec::new();
        if let Some(created) = self.bulk().created() {
            next.extend(self.with_lines(bulk_transfer::saga::transfer_commands_of(created, now))?);
        }
        next.push(self.with_bulk(sweep(0), &BulkTransferCommand::PassDeadline { now, next_check_at })?);
        for line in (0..2).filter(|line| !self.transfers[*line].is_empty()) {
            let command = TransferCommand::PassDeadline { now, next_check_at };
            let transfer_id = bulk(&[30, 20]).lines[line].transfer_id;
            next.push(self.with_transfer(transfer_id, sweep(1 + line), &command)?);
        }
        Ok(next)
    }

    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        if self.late { at(1_000) } else { noon() }
    }

    fn with_account(&self, index: usize, command_id: Uuid, command: &AccountCommand) -> Result<Self, String> {
        let mut world = self.clone();
        if world.handled.insert(command_id) {
            let events = self.account(index).decide(command).map_err(|refusal| refusal.to_string())?;
            world.accounts[index].extend(events);
        }
        Ok(world)
    }

    fn with_bulk(&self, command_id: Uuid, command: &BulkTransferCommand) -> Result<Self, String> {
        let mut world = self.clone();
        if world.handled.insert(command_id) {
            let events = self.bulk().decide(command).map_err(|refusal| refusal.to_string())?;
            world.bulk.extend(events);
        }
        Ok(world)
    }

    fn with_transfer(
        &self,
        transfer_id: TransferId,
        command_id: Uuid,
        command: &TransferCommand,
    ) -> Result<Self, String> {
        let line = bulk(&[30, 20]).lines.iter().position(|line| line.transfer_id == transfer_id);
        let line = line.expect("one of the two");
        let mut world = self.clone();
        if world.handled.insert(command_id) {
            let events = self.transfers()[line].decide(command).map_err(|refusal| refusal.to_string())?;
            world.transfers[line].extend(events);
        }
        Ok(world)
    }
}

fn kinds<E>(events: &[E]) -> Vec<Discriminant<E>> {
    events.iter().map(discriminant).collect()
}

fn sweep(stream: usize) -> Uuid {
    Uuid::from_u128(0x5_3EE9 + stream as u128)
}

/// What an event adds to the money in flight.
fn flight(event: &AccountEvent) -> i64 {
    match event {
        AccountEvent::AccountLinesDebited { lines, .. } => {
            lines.iter().map(|line| line.amount.minor_units().cast_signed()).sum()
        }
        AccountEvent::AccountDebited { money, .. } => money.amount.minor_units().cast_signed(),
        AccountEvent::AccountCredited { money, .. } | AccountEvent::AccountDebitReversed { money, .. } => {
            -money.amount.minor_units().cast_signed()
        }
        _ => 0,
    }
}

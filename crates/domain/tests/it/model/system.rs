//! The two services around the domain: stores that remember command ids, and the handlers of the saga.

use chrono::{DateTime, Utc};
use domain::Aggregate;
use domain::account::{Account, AccountCommand, AccountEvent};
use domain::command_id::{Step, reversal_transfer_id, step_command_id};
use domain::ids::{AccountId, TransferId};
use domain::transfer::saga;
use domain::transfer::{MoneyTransfer, PendingStep, TransferCommand, TransferDetails, TransferEvent};
use domain::transfer::{TransferStatus, UnwindReason};
use uuid::Uuid;

use super::interner::Interner;
use super::scenario::{Sabotage, Scenario};
use super::world::{Stream, World};
use crate::fixtures::*;

/// What the accounts service does about an event.
pub(super) type AccountStep = (AccountId, Uuid, AccountCommand, Step);

/// The rules by which worlds follow one another.
pub(super) struct System<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) sabotage: Sabotage,
    account_events: Interner<AccountEvent>,
    transfer_events: Interner<TransferEvent>,
    command_ids: Interner<Uuid>,
}

impl<'a> System<'a> {
    pub(super) fn new(scenario: &'a Scenario, sabotage: Sabotage) -> Self {
        let (account_events, transfer_events) = (Interner::new(), Interner::new());
        Self { scenario, sabotage, account_events, transfer_events, command_ids: Interner::new() }
    }

    /// The source holds 100 cents and the transfer was just created.
    pub(super) fn start(&mut self) -> World {
        let details = TransferDetails { memo: None, actor: None, ..transfer(usd(self.scenario.cents)) };
        let created = TransferEvent::MoneyTransferCreated { transfer: details, at: noon() };
        let opened = self.account_events.number(opened());
        let deposited = self.account_events.number(deposited(100));
        let stream = |events: &[u16]| Stream { events: events.to_vec(), ..Stream::default() };
        let target = if self.scenario.target_opened { stream(&[opened]) } else { Stream::default() };
        let created = stream(&[self.transfer_events.number(created)]);
        World {
            accounts: [stream(&[opened, deposited]), target],
            transfers: [created, Stream::default(), Stream::default()],
            handled: vec![],
            clients_done: 0,
            early_sweeps_left: self.scenario.early_sweeps,
            losses_left: self.scenario.losses,
        }
    }

    pub(super) fn account_events<'w>(&self, stream: &'w Stream) -> impl Iterator<Item = &AccountEvent> + use<'_, 'w> {
        stream.events.iter().map(|number| self.account_events.value(*number))
    }

    pub(super) fn transfer_events<'w>(&self, stream: &'w Stream) -> impl Iterator<Item = &TransferEvent> + use<'_, 'w> {
        stream.events.iter().map(|number| self.transfer_events.value(*number))
    }

    pub(super) fn account(&self, world: &World, index: usize) -> Account {
        Account::default().fold(self.account_events(&world.accounts[index]))
    }

    pub(super) fn transfer(&self, world: &World, index: usize) -> MoneyTransfer {
        MoneyTransfer::default().fold(self.transfer_events(&world.transfers[index]))
    }
}

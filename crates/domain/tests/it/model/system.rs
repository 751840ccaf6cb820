//! The two services around the domain: they fold streams, decide, remember command ids and append.

use domain::Aggregate;
use domain::account::{Account, AccountCommand, AccountEvent};
use domain::command_id::reversal_transfer_id;
use domain::ids::{AccountId, TransferId};
use domain::transfer::{MoneyTransfer, TransferCommand, TransferDetails, TransferEvent};
use uuid::Uuid;

use super::follow_ups::{FollowUps, ForAccount, ForTransfer};
use super::interner::Interner;
use super::scenario::{Sabotage, Scenario};
use super::world::{Stream, World};
use crate::fixtures::*;

/// The rules by which worlds follow one another.
pub(super) struct System<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) sabotage: Sabotage,
    account_events: Interner<AccountEvent>,
    transfer_events: Interner<TransferEvent>,
    command_ids: Interner<Uuid>,
    follow_ups: FollowUps,
}

impl<'a> System<'a> {
    pub(super) fn new(scenario: &'a Scenario, sabotage: Sabotage) -> Self {
        Self {
            scenario,
            sabotage,
            account_events: Interner::default(),
            transfer_events: Interner::default(),
            command_ids: Interner::default(),
            follow_ups: FollowUps::default(),
        }
    }

    /// The source holds 100 cents and the transfer was just created.
    pub(super) fn start(&mut self) -> World {
        let details = TransferDetails { memo: None, actor: None, ..transfer(usd(self.scenario.cents)) };
        let created = TransferEvent::MoneyTransferCreated { transfer: details, at: noon() };
        let target = self.scenario.target_opened.then(opened);
        World {
            accounts: [
                Stream::of(self.account_events.numbers([opened(), deposited(100)])),
                Stream::of(self.account_events.numbers(target)),
            ],
            transfers: [
                Stream::of(self.transfer_events.numbers([created])),
                Stream::default(),
                Stream::default(),
            ],
            handled: vec![],
            clients_done: 0,
            early_sweeps_left: self.scenario.early_sweeps,
            losses_left: self.scenario.losses,
        }
    }

    /// What the accounts service does about a transfer's event.
    pub(super) fn for_account(&mut self, event: u16, late: bool) -> &ForAccount {
        let Self { follow_ups, transfer_events, sabotage, .. } = self;
        follow_ups.for_account(event, transfer_events.value(event), late, *sabotage)
    }

    /// What the transfers service does about an account's event.
    pub(super) fn for_transfer(&mut self, event: u16) -> &ForTransfer {
        self.follow_ups.answer(event, self.account_events.value(event))
    }

    /// What the transfers service does about its own event.
    pub(super) fn for_reversal(&mut self, event: u16) -> &ForTransfer {
        self.follow_ups.reversal(event, self.transfer_events.value(event))
    }

    pub(super) fn account_events<'s>(&'s self, stream: &'s Stream) -> impl Iterator<Item = &'s AccountEvent> {
        stream.events.iter().map(|number| self.account_events.value(*number))
    }

    pub(super) fn account(&self, world: &World, index: usize) -> Account {
        Account::default().fold(self.account_events(&world.accounts[index]))
    }

    pub(super) fn transfer(&self, world: &World, index: usize) -> MoneyTransfer {
        let stream = &world.transfers[index];
        MoneyTransfer::default().fold(stream.events.iter().map(|number| self.transfer_events.value(*number)))
    }

    /// Whether this is the first command with the id; from now on it has a result.
    pub(super) fn is_first(&mut self, world: &mut World, command_id: Uuid) -> bool {
        let number = self.command_ids.number(command_id);
        let first = !world.has_handled(number) || self.sabotage == Sabotage::ForgetsCommandIds;
        world.set_handled(number);
        first
    }

    /// Lets the account decide, and appends; the refusal, if it refused.
    pub(super) fn ask_account(
        &mut self,
        world: &mut World,
        index: usize,
        command: &AccountCommand,
    ) -> Result<(), String> {
        let events = self.account(world, index).decide(command).map_err(|refusal| refusal.to_string())?;
        world.accounts[index].events.extend(self.account_events.numbers(events));
        Ok(())
    }

    /// Lets the transfer decide, and appends; the refusal, if it refused.
    pub(super) fn ask_transfer(
        &mut self,
        world: &mut World,
        index: usize,
        command: &TransferCommand,
    ) -> Result<(), String> {
        let events = self.transfer(world, index).decide(command).map_err(|refusal| refusal.to_string())?;
        world.transfers[index].events.extend(self.transfer_events.numbers(events));
        Ok(())
    }
}

/// Which of a world's accounts has the id.
pub(super) fn account_index(account_id: AccountId) -> usize {
    usize::from(account_id != ALICES)
}

/// The ids of a world's transfers.
pub(super) fn transfer_ids() -> [TransferId; 3] {
    [TRANSFER, reversal_transfer_id(TRANSFER, 1), reversal_transfer_id(TRANSFER, 2)]
}

/// Which of a world's transfers has the id.
pub(super) fn transfer_index(transfer_id: TransferId) -> usize {
    transfer_ids().iter().position(|known| *known == transfer_id).expect("a transfer of this world")
}

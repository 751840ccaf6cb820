//! What can happen in a world, and the world after it.

use chrono::TimeDelta;
use domain::Aggregate;
use domain::account::AccountCommand;
use domain::transfer::{Intervention, TransferCommand};

use super::follow_ups::ForTransfer;
use super::scenario::{Client, Sabotage};
use super::system::{System, account_index, transfer_index};
use super::world::World;
use crate::fixtures::*;

/// One thing that happens. Streams and events are numbered as in the [`World`].
#[derive(Debug, Clone, Copy)]
pub(super) enum Action {
    /// The accounts service reads a transfer's event, for the first time or again.
    AccountsRead { transfer: usize, event: usize, late: bool },
    /// A transfer's event never reaches the accounts service.
    AccountsMiss { transfer: usize },
    /// The transfers service reads an account's event, for the first time or again.
    TransfersRead { account: usize, event: usize },
    /// The transfers service reads its own event, for the first time or again.
    TransfersReadOwn { transfer: usize, event: usize },
    /// The sweeper looks at a transfer that it finds past its deadline.
    Sweep { transfer: usize },
    /// Somebody does something.
    Act { client: usize },
}

impl System<'_> {
    /// Everything that can happen now.
    pub(super) fn actions(&mut self, world: &World) -> Vec<Action> {
        let mut actions = vec![];
        for (transfer, stream) in world.transfers.iter().enumerate() {
            for event in stream.readable(stream.read_by_accounts) {
                let clocks: &[bool] = match self.for_account(stream.events[event], false) {
                    None => &[],
                    Some((_, _, AccountCommand::Debit { .. } | AccountCommand::Credit { .. })) => {
                        &[false, true]
                    }
                    Some(_) => &[false],
                };
                actions.extend(clocks.iter().map(|late| Action::AccountsRead {
                    transfer,
                    event,
                    late: *late,
                }));
            }
            if world.losses_left > 0 && stream.read_by_accounts < stream.events.len() {
                actions.push(Action::AccountsMiss { transfer });
            }
            let own = stream.readable(stream.read_by_transfers);
            actions.extend(own.map(|event| Action::TransfersReadOwn { transfer, event }));
            if self.is_swept(world, transfer) {
                actions.push(Action::Sweep { transfer });
            }
        }
        for (account, stream) in world.accounts.iter().enumerate() {
            let answers = stream.readable(stream.read_by_transfers);
            actions.extend(answers.map(|event| Action::TransfersRead { account, event }));
        }
        let clients = 0..self.scenario.clients.len();
        let idle = clients.filter(|client| world.clients_done & (1 << client) == 0);
        actions.extend(idle.map(|client| Action::Act { client }));
        actions
    }

    /// The world after `action`, or which promise was broken by it.
    pub(super) fn after(&mut self, world: &World, action: Action) -> Result<World, String> {
        let mut world = world.clone();
        match action {
            Action::AccountsRead { transfer, event, late } => {
                self.accounts_read(&mut world, transfer, event, late)?;
            }
            Action::AccountsMiss { transfer } => {
                world.losses_left -= 1;
                world.transfers[transfer].read_by_accounts += 1;
            }
            Action::TransfersRead { account, event } => self.transfers_read(&mut world, account, event)?,
            Action::TransfersReadOwn { transfer, event } => {
                self.transfers_read_own(&mut world, transfer, event)?;
            }
            Action::Sweep { transfer } => self.sweep(&mut world, transfer)?,
            Action::Act { client } => self.act(&mut world, client),
        }
        self.skip_what_concerns_nobody(&mut world);
        Ok(world)
    }

    /// Reads past every event that asks nothing of its reader. Such a read commutes with everything else that
    /// can happen, so that searching both orders would show nothing new.
    fn skip_what_concerns_nobody(&mut self, world: &mut World) {
        for stream in &mut world.accounts {
            let skipped = stream.events[stream.read_by_transfers..]
                .iter()
                .take_while(|event| self.for_transfer(**event).is_none());
            stream.read_by_transfers += skipped.count();
        }
        for stream in &mut world.transfers {
            let skipped = stream.events[stream.read_by_transfers..]
                .iter()
                .take_while(|event| self.for_reversal(**event).is_none());
            stream.read_by_transfers += skipped.count();
            let skipped = stream.events[stream.read_by_accounts..]
                .iter()
                .take_while(|event| self.for_account(**event, false).is_none());
            stream.read_by_accounts += skipped.count();
        }
    }

    fn accounts_read(
        &mut self,
        world: &mut World,
        transfer: usize,
        event: usize,
        late: bool,
    ) -> Result<(), String> {
        let stream = &mut world.transfers[transfer];
        stream.read_by_accounts = stream.read_by_accounts.max(event + 1);
        match self.for_account(stream.events[event], late).clone() {
            Some((account_id, command_id, command)) if self.is_first(world, command_id) => {
                self.ask_account(world, account_index(account_id), &command)
            }
            _ => Ok(()),
        }
    }

    fn transfers_read(&mut self, world: &mut World, account: usize, event: usize) -> Result<(), String> {
        let stream = &mut world.accounts[account];
        stream.read_by_transfers = stream.read_by_transfers.max(event + 1);
        let follow_up = self.for_transfer(stream.events[event]).clone();
        self.ask_transfer_once(world, follow_up)
    }

    fn transfers_read_own(&mut self, world: &mut World, transfer: usize, event: usize) -> Result<(), String> {
        let stream = &mut world.transfers[transfer];
        stream.read_by_transfers = stream.read_by_transfers.max(event + 1);
        let follow_up = self.for_reversal(stream.events[event]).clone();
        self.ask_transfer_once(world, follow_up)
    }

    fn ask_transfer_once(&mut self, world: &mut World, follow_up: ForTransfer) -> Result<(), String> {
        match follow_up {
            Some((transfer_id, command_id, command)) if self.is_first(world, command_id) => {
                self.ask_transfer(world, transfer_index(transfer_id), &command)
            }
            _ => Ok(()),
        }
    }

    /// When nothing is on its way any more, the sweeper comes sooner or later; before that, it may.
    fn is_swept(&self, world: &World, transfer: usize) -> bool {
        let pending = self.transfer(world, transfer).deadline().is_some();
        pending
            && self.sabotage != Sabotage::NeverSweeps
            && (world.early_sweeps_left > 0 || world.is_at_rest())
    }

    fn sweep(&mut self, world: &mut World, transfer: usize) -> Result<(), String> {
        if !world.is_at_rest() {
            world.early_sweeps_left -= 1;
        }
        let now = self.transfer(world, transfer).deadline().expect("it is pending");
        let before = world.transfers[transfer].events.len();
        let command = TransferCommand::PassDeadline { now, next_check_at: now + TimeDelta::minutes(5) };
        self.ask_transfer(world, transfer, &command)?;
        if world.transfers[transfer].events.len() == before {
            return Err("the sweeper found nothing to press for".to_owned());
        }
        Ok(())
    }

    /// By the operator's clock the deadline has passed; by the account's it may not have.
    fn intervene(&mut self, world: &mut World, intervention: Intervention) -> Result<(), String> {
        let (actor, reason, now) = (operator(), None, at(11));
        self.ask_transfer(world, 0, &TransferCommand::Intervene { actor, intervention, reason, now })
    }

    /// What the domain refuses has no effect.
    fn act(&mut self, world: &mut World, client: usize) {
        world.clients_done |= 1 << client;
        let (actor, reason, now) = (operator(), None, noon());
        let _refused = match self.scenario.clients[client] {
            Client::Cancel => self.ask_transfer(world, 0, &TransferCommand::Cancel { actor, reason, now }),
            Client::Reverse => {
                let deadline = at(60);
                self.ask_transfer(world, 0, &TransferCommand::StartReversal { actor, reason, deadline, now })
            }
            Client::Retry => self.intervene(world, Intervention::Retry),
            Client::Compensate => self.intervene(world, Intervention::Compensate),
            Client::FreezeTarget => {
                self.ask_account(world, 1, &AccountCommand::Freeze { actor, reason, now })
            }
            Client::UnfreezeTarget => {
                self.ask_account(world, 1, &AccountCommand::Unfreeze { actor, reason, now })
            }
            Client::CloseTarget => self.ask_account(world, 1, &AccountCommand::Close { actor, reason, now }),
            Client::CloseSource => self.ask_account(world, 0, &AccountCommand::Close { actor, reason, now }),
            Client::PlaceHold => {
                let (hold_id, money, expires_at) = (HOLD, usd(1), at(60));
                let command =
                    AccountCommand::PlaceHold { actor, hold_id, money, memo: reason, expires_at, now };
                self.ask_account(world, 0, &command)
            }
            Client::CaptureHold => {
                let (hold_id, amount) = (HOLD, None);
                self.ask_account(world, 0, &AccountCommand::CaptureHold { actor, hold_id, amount, now })
            }
            Client::VoidHold => {
                self.ask_account(world, 0, &AccountCommand::VoidHold { actor, hold_id: HOLD, now })
            }
            Client::EmptyTarget => {
                let money = usd(self.scenario.cents);
                self.ask_account(world, 1, &AccountCommand::Withdraw { actor, money, memo: reason, now })
            }
        };
    }
}

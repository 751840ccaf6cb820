//! What holds in every world, and what holds besides when nothing more will happen of itself.

use domain::Aggregate;
use domain::account::AccountEvent;
use domain::ids::TransferId;
use domain::money::Balance;
use domain::transfer::{Reversal, TransferStatus};

use super::system::{System, transfer_ids, transfer_index};
use super::world::World;

/// How often the accounts have done each step of one transfer.
#[derive(Debug, Default, PartialEq, Eq)]
struct Movements {
    debits: i128,
    credits: i128,
    reversals: i128,
}

impl System<'_> {
    /// Money is conserved, no transfer moves it twice, and an ended transfer did what its status says.
    pub(super) fn check(&self, world: &World) -> Result<(), String> {
        let mut in_flight = 0;
        for (index, transfer_id) in transfer_ids().into_iter().enumerate() {
            let movements = self.movements(world, transfer_id);
            let Movements { debits, credits, reversals } = movements;
            let under_way = debits - credits - reversals;
            if !(0..=1).contains(&debits) || !(0..=1).contains(&under_way) {
                return Err(format!("transfer {index} moved money twice or out of nothing: {movements:?}"));
            }
            in_flight += under_way * i128::from(self.scenario.cents);
            let promised = match self.transfer(world, index).status() {
                Some(TransferStatus::Completed) => (debits, credits, reversals) == (1, 1, 0),
                Some(TransferStatus::Failed | TransferStatus::Cancelled) => {
                    credits == 0 && debits == reversals
                }
                _ => true,
            };
            if !promised {
                return Err(format!("transfer {index} ended otherwise than it says: {movements:?}"));
            }
        }
        if (0..world.accounts.len()).any(|index| self.account(world, index).balance() < Balance::ZERO) {
            return Err("an account owes what nobody lent it".to_owned());
        }
        let (held, paid_in) = (self.held(world), self.paid_in(world));
        if held + in_flight != paid_in {
            return Err(format!("accounts hold {held} and {in_flight} are in flight, of {paid_in} paid in"));
        }
        Ok(())
    }

    /// Every transfer has ended, and every reversal is known to the transfer that it reverses.
    pub(super) fn check_end(&self, world: &World) -> Result<(), String> {
        for index in 0..world.transfers.len() {
            let transfer = self.transfer(world, index);
            if transfer.deadline().is_some() {
                return Err(format!("nothing will ever end transfer {index}: {:?}", transfer.status()));
            }
        }
        let original = self.transfer(world, 0);
        let completed = (1..world.transfers.len())
            .find(|index| self.transfer(world, *index).status() == Some(TransferStatus::Completed));
        let noted = match original.created().and_then(|created| created.reversal) {
            None => None,
            Some(Reversal::Completed { reversal_id }) => Some(transfer_index(reversal_id)),
            Some(Reversal::Started { .. }) => return Err("a reversal's end was not noted".to_owned()),
        };
        if noted != completed {
            return Err(format!("reversal {completed:?} completed, but {noted:?} was noted"));
        }
        Ok(())
    }

    fn movements(&self, world: &World, transfer: TransferId) -> Movements {
        let mut movements = Movements::default();
        for event in world.accounts.iter().flat_map(|stream| self.account_events(stream)) {
            match event {
                AccountEvent::AccountDebited { transfer_id, .. } if *transfer_id == transfer => {
                    movements.debits += 1;
                }
                AccountEvent::AccountCredited { transfer_id, .. } if *transfer_id == transfer => {
                    movements.credits += 1;
                }
                AccountEvent::AccountDebitReversed { transfer_id, .. } if *transfer_id == transfer => {
                    movements.reversals += 1;
                }
                _ => {}
            }
        }
        movements
    }

    /// What the accounts hold together.
    fn held(&self, world: &World) -> i128 {
        (0..world.accounts.len())
            .map(|index| i128::from(self.account(world, index).balance().minor_units()))
            .sum()
    }

    /// Deposits minus withdrawals and captures.
    fn paid_in(&self, world: &World) -> i128 {
        let events = world.accounts.iter().flat_map(|stream| self.account_events(stream));
        events
            .map(|event| match event {
                AccountEvent::AccountDeposited { money, .. } => i128::from(money.amount.minor_units()),
                AccountEvent::AccountWithdrawn { money, .. } | AccountEvent::HoldCaptured { money, .. } => {
                    -i128::from(money.amount.minor_units())
                }
                _ => 0,
            })
            .sum()
    }
}

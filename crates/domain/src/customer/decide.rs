//! Which events a command causes, or why it is refused.

use chrono::{DateTime, Utc};

use super::{
    Customer, CustomerCommand as Command, CustomerEvent as Event, CustomerRefusal as Refusal, CustomerStatus,
    KnownCustomer, MAX_PAYEES, Sealed,
};
use crate::ids::{AccountId, PayeeId};
use crate::text::Actor;

pub(super) fn decide(customer: &Customer, command: &Command) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Register { .. } if customer.known().is_some() => Err(Refusal::AlreadyRegistered),
        Command::Register { .. } if customer.is_abandoned() => Err(Refusal::RegistrationAbandoned),
        Command::Register { customer_id, profile, now } => Ok(vec![Event::CustomerRegistered {
            customer_id: customer_id.clone(),
            profile: profile.clone(),
            at: *now,
        }]),
        Command::ChangeProfile { actor, profile, now } => {
            customer.of(actor)?;
            Ok(vec![Event::CustomerProfileChanged { profile: profile.clone(), at: *now }])
        }
        Command::SavePayee { actor, payee_id, account_id, name, now } => {
            let name = new_payee(customer.of(actor)?, *account_id, name)?;
            Ok(vec![Event::PayeeSaved { payee_id: *payee_id, account_id: *account_id, name, at: *now }])
        }
        Command::RemovePayee { actor, payee_id, now } => {
            has_payee(customer.of(actor)?, *payee_id)?;
            Ok(vec![Event::PayeeRemoved { payee_id: *payee_id, at: *now }])
        }
        Command::RequestErasure { actor, now } => {
            customer.of(actor)?;
            Ok(vec![Event::ErasureRequested { at: *now }])
        }
        Command::GiveUpClaim { now } => Ok(give_up_claim(customer, *now)),
        Command::RecordErasure { now } => match customer.known().map(|customer| customer.status) {
            Some(CustomerStatus::Erasing) => Ok(vec![Event::CustomerErased { at: *now }]),
            // Whoever records it again met the first one's record.
            Some(CustomerStatus::Erased) => Ok(Vec::new()),
            Some(CustomerStatus::Active) | None => Err(Refusal::CustomerNotFound),
        },
    }
}

impl Customer {
    /// To an outsider a customer is not there, and an erased one is there for nobody.
    fn of(&self, actor: &Actor) -> Result<&KnownCustomer, Refusal> {
        let customer = self.active().ok_or(Refusal::CustomerNotFound)?;
        if actor.may_act_for(&customer.customer_id) { Ok(customer) } else { Err(Refusal::CustomerNotFound) }
    }
}

/// Of somebody who asked to be erased no claim is left to give up: whatever they were about to change is refused.
fn give_up_claim(customer: &Customer, at: DateTime<Utc>) -> Vec<Event> {
    match customer.known().map(|customer| customer.status) {
        None if customer.is_abandoned() => Vec::new(),
        None => vec![Event::RegistrationAbandoned { at }],
        Some(CustomerStatus::Active) => vec![Event::AddressClaimLapsed { at }],
        Some(CustomerStatus::Erasing | CustomerStatus::Erased) => Vec::new(),
    }
}

fn new_payee(customer: &KnownCustomer, account_id: AccountId, name: &Sealed) -> Result<Sealed, Refusal> {
    if customer.payees.values().any(|payee| payee.account_id == account_id) {
        return Err(Refusal::PayeeAlreadySaved);
    }
    if customer.payees.len() >= MAX_PAYEES {
        return Err(Refusal::TooManyPayees);
    }
    Ok(name.clone())
}

fn has_payee(customer: &KnownCustomer, payee_id: PayeeId) -> Result<(), Refusal> {
    if customer.payees.contains_key(&payee_id) { Ok(()) } else { Err(Refusal::PayeeNotFound) }
}

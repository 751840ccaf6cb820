//! What an event makes of a customer's record.

use std::collections::BTreeMap;

use super::{Customer, CustomerEvent as Event, CustomerStatus, KnownCustomer, Payee};

pub(super) fn evolve(customer: Customer, event: &Event) -> Customer {
    match event {
        Event::CustomerRegistered { customer_id, profile, at } => Customer(Some(KnownCustomer {
            customer_id: customer_id.clone(),
            status: CustomerStatus::Active,
            profile: profile.clone(),
            payees: BTreeMap::new(),
            registered_at: *at,
            erasure_requested_at: None,
        })),
        _ => Customer(customer.0.map(|known| evolve_known(known, event))),
    }
}

fn evolve_known(mut customer: KnownCustomer, event: &Event) -> KnownCustomer {
    match event {
        Event::CustomerProfileChanged { profile, .. } => customer.profile = profile.clone(),
        Event::PayeeSaved { payee_id, account_id, name, at } => {
            let payee = Payee { account_id: *account_id, name: name.clone(), saved_at: *at };
            customer.payees.insert(*payee_id, payee);
        }
        Event::PayeeRemoved { payee_id, .. } => {
            customer.payees.remove(payee_id);
        }
        Event::ErasureRequested { at } => {
            customer.status = CustomerStatus::Erasing;
            customer.erasure_requested_at = Some(*at);
            customer.payees.clear();
        }
        Event::CustomerErased { .. } => customer.status = CustomerStatus::Erased,
        Event::CustomerRegistered { .. } => {}
    }
    customer
}

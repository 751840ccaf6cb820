//! What an event makes of a customer's record.

use std::collections::BTreeMap;

use super::{Customer, CustomerEvent as Event, CustomerStatus, KnownCustomer, Payee, Record};

pub(super) fn evolve(customer: Customer, event: &Event) -> Customer {
    match event {
        Event::CustomerRegistered { customer_id, profile, at } => Customer(Record::Known(KnownCustomer {
            customer_id: customer_id.clone(),
            status: CustomerStatus::Active,
            profile: profile.clone(),
            payees: BTreeMap::new(),
            registered_at: *at,
            erasure_requested_at: None,
        })),
        Event::RegistrationAbandoned { .. } => Customer(Record::Abandoned),
        _ => match customer.0 {
            Record::Known(known) => Customer(Record::Known(evolve_known(known, event))),
            other => Customer(other),
        },
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
        Event::CustomerRegistered { .. }
        | Event::RegistrationAbandoned { .. }
        | Event::AddressClaimLapsed { .. } => {}
    }
    customer
}

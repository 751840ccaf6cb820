//! Every aggregate of the bank, for whoever goes through all of them.

use crate::account::{Account, AccountEvent};
use crate::bulk_transfer::{BulkTransfer, BulkTransferEvent};
use crate::customer::{Customer, CustomerEvent};
use crate::event::EventType;
use crate::order::{OrderEvent, TransferOrder};
use crate::transfer::{MoneyTransfer, TransferEvent};
use crate::{Aggregate, DomainEvent};

/// The aggregate types, each with its event types. The first event type of each is the one that begins a stream.
pub const EVENT_TYPES: [(&str, &[EventType]); 5] = [
    (Account::TYPE, AccountEvent::TYPES),
    (MoneyTransfer::TYPE, TransferEvent::TYPES),
    (BulkTransfer::TYPE, BulkTransferEvent::TYPES),
    (TransferOrder::TYPE, OrderEvent::TYPES),
    (Customer::TYPE, CustomerEvent::TYPES),
];

/// The aggregate type whose event `event_type` is.
#[must_use]
pub fn aggregate_of(event_type: &str) -> Option<&'static str> {
    let of = |(aggregate, types): &(&'static str, &[EventType])| {
        types.iter().any(|known| known.name == event_type).then_some(*aggregate)
    };
    EVENT_TYPES.iter().find_map(of)
}

/// The event type that begins the streams of `aggregate_type`.
#[must_use]
pub fn first_event_of(aggregate_type: &str) -> Option<&'static str> {
    let (_, types) = EVENT_TYPES.iter().find(|(aggregate, _)| *aggregate == aggregate_type)?;
    types.first().map(|first| first.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_type_tells_its_aggregate() {
        assert_eq!(aggregate_of("DebitRecorded"), Some(MoneyTransfer::TYPE));
        assert_eq!(aggregate_of("LoanGranted"), None);
        assert_eq!(first_event_of(Customer::TYPE), Some("CustomerRegistered"));
        assert_eq!(first_event_of("loan"), None);
    }

    #[test]
    fn no_event_type_is_that_of_two_aggregates() {
        let mut names: Vec<&str> =
            EVENT_TYPES.iter().flat_map(|(_, types)| types.iter().map(|known| known.name)).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}

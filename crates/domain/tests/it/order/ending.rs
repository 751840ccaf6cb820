//! Who ends an order, and what stays.

use domain::Aggregate;
use domain::order::{OrderRefusal, OrderStatus};

use super::*;
use crate::given::given;

fn cancel_by(name: &str) -> OrderCommand {
    OrderCommand::Cancel { actor: actor(name), reason: Some(memo("Moved out")), now: at(5) }
}

fn cancelled() -> OrderEvent {
    OrderEvent::TransferOrderCancelled { reason: Some(memo("Moved out")), at: at(5) }
}

#[test]
fn the_owner_and_operators_cancel_an_order() {
    for name in ["alice", "operator:olive"] {
        given::<Orders>([placed(monthly(), months()[0])]).when(cancel_by(name)).then([cancelled()]);
    }
}

#[test]
fn to_others_it_is_not_there() {
    for name in ["bob", "Alice", "operator"] {
        given::<Orders>([placed(monthly(), months()[0])])
            .when(cancel_by(name))
            .then_refused(OrderRefusal::TransferOrderNotFound);
    }
}

#[test]
fn a_cancelled_order_is_never_due_again() {
    let past = [placed(monthly(), months()[0]), cancelled()];
    given::<Orders>(past.clone()).when(cancel_by("alice")).then_nothing();
    given::<Orders>(past.clone()).when(come_due("2030-01-01T00:00:00Z")).then_nothing();
    let order = given::<Orders>(past).state();
    assert_eq!(order.placed().map(|order| order.status), Some(OrderStatus::Cancelled));
    assert_eq!(order.deadline(), None);
}

#[test]
fn a_completed_order_has_nothing_left_to_cancel() {
    let once = once_on("2026-01-31");
    let past = [placed(once, months()[0]), came(once, months()[0], None, "2026-01-31T08:00:01Z")];
    given::<Orders>(past).when(cancel_by("alice")).then_refused(OrderRefusal::OrderCompleted);
}

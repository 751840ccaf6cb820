//! What an event makes of an order.

use std::collections::VecDeque;

use super::{Execution, OrderEvent as Event, OrderStatus, PlacedOrder, REMEMBERED, TransferOrder};

pub(super) fn evolve(order: TransferOrder, event: &Event) -> TransferOrder {
    match event {
        Event::TransferOrderPlaced { owner, order, next, at } => TransferOrder(Some(PlacedOrder {
            owner: owner.clone(),
            details: order.clone(),
            status: OrderStatus::Active,
            placed_at: *at,
            next: Some(*next),
            latest: VecDeque::new(),
        })),
        _ => TransferOrder(order.0.map(|placed| evolve_placed(placed, event))),
    }
}

fn evolve_placed(mut order: PlacedOrder, event: &Event) -> PlacedOrder {
    match event {
        Event::TransferOrderPlaced { .. } => {}
        Event::TransferDue { due, transfer_id, next, .. } => {
            order.latest.push_back(Execution { due: *due, transfer_id: *transfer_id });
            if order.latest.len() > REMEMBERED {
                order.latest.pop_front();
            }
            order.next = *next;
            if next.is_none() {
                order.status = OrderStatus::Completed;
            }
        }
        Event::TransferOrderCancelled { .. } => {
            order.next = None;
            order.status = OrderStatus::Cancelled;
        }
    }
    order
}

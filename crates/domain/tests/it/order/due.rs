//! A due date comes once, and has one transfer.

use domain::Aggregate;
use domain::command_id::{Step, step_command_id};
use domain::order::{MOST_AT_ONCE, OrderStatus, REMEMBERED, Schedule, saga};
use domain::transfer::{TransferCommand, TransferDetails};

use super::*;
use crate::given::given;

#[test]
fn nothing_is_due_before_its_time() {
    let past = [placed(monthly(), months()[0])];
    given::<Orders>(past).when(come_due("2026-01-31T07:59:59Z")).then_nothing();
}

#[test]
fn a_due_date_comes_at_its_time_and_only_once() {
    let [first, second, _] = months();
    let it_came = came(monthly(), first, Some(second), "2026-01-31T08:00:00Z");
    given::<Orders>([placed(monthly(), first)])
        .when(come_due("2026-01-31T08:00:00Z"))
        .then([it_came.clone()]);
    let past = [placed(monthly(), first), it_came];
    given::<Orders>(past.clone()).when(come_due("2026-01-31T08:00:00Z")).then_nothing();
    assert_eq!(given::<Orders>(past).state().deadline(), Some(second.at));
}

#[test]
fn what_was_missed_comes_in_order() {
    let [first, second, third] = months();
    let fourth = due_date(4, "2026-04-30", "2026-04-30T07:00:00Z");
    let now = "2026-04-01T00:00:00Z";
    given::<Orders>([placed(monthly(), first)]).when(come_due(now)).then([
        came(monthly(), first, Some(second), now),
        came(monthly(), second, Some(third), now),
        came(monthly(), third, Some(fourth), now),
    ]);
}

#[test]
fn after_a_long_time_away_so_many_come_at_once_and_the_rest_stays_due() {
    let daily = every(1, IntervalUnit::Days, "2026-01-31");
    let first = daily.due(1).expect("a due date");
    let now = instant("2026-03-15T00:00:00Z");
    let mut order = given::<Orders>([placed(daily, first)]).state();
    let mut came_due = Vec::new();
    while order.deadline().is_some_and(|deadline| deadline <= now) {
        let events = order.decide(&OrderCommand::ComeDue { now }).expect("it is placed");
        assert!(!events.is_empty() && events.len() <= MOST_AT_ONCE);
        order = order.fold(&events);
        came_due.extend(events.into_iter().filter_map(|event| match event {
            OrderEvent::TransferDue { due, .. } => Some(due),
            _ => None,
        }));
    }
    let expected: Vec<_> =
        (1..).map_while(|number| daily.due(number)).take_while(|due| due.at <= now).collect();
    assert_eq!(expected.len(), 43);
    assert_eq!(came_due, expected);
}

#[test]
fn the_last_due_date_completes_the_order() {
    let once = once_on("2026-01-31");
    let first = months()[0];
    let last = came(once, first, None, "2026-01-31T08:00:01Z");
    given::<Orders>([placed(once, first)]).when(come_due("2026-01-31T08:00:01Z")).then([last.clone()]);
    let past = [placed(once, first), last];
    given::<Orders>(past.clone()).when(come_due("2027-01-31T08:00:01Z")).then_nothing();
    let order = given::<Orders>(past).state();
    assert_eq!(order.placed().map(|order| order.status), Some(OrderStatus::Completed));
    assert_eq!(order.deadline(), None);
}

/// Another edition of the time zones would put the due date elsewhere; what was said stands.
#[test]
fn the_next_due_date_comes_when_the_events_say() {
    let [first, second, _] = months();
    let as_it_was_said = DueDate { at: instant("2026-01-31T09:30:00Z"), ..first };
    let past = [placed(monthly(), as_it_was_said)];
    given::<Orders>(past.clone()).when(come_due("2026-01-31T09:29:59Z")).then_nothing();
    let now = "2026-01-31T09:30:00Z";
    given::<Orders>(past).when(come_due(now)).then([came(monthly(), as_it_was_said, Some(second), now)]);
}

#[test]
fn the_latest_due_dates_are_remembered() {
    let daily = Schedule { count: Some(12), ..every(1, IntervalUnit::Days, "2026-01-31") };
    let past = (1..=12).map(|number| {
        let due = daily.due(number).expect("a due date");
        came(daily, due, daily.due_after(due), "2026-03-01T00:00:00Z")
    });
    let past = [placed(daily, daily.due(1).expect("a due date"))].into_iter().chain(past);
    let order = given::<Orders>(past).state();
    let numbers = order.placed().expect("it is placed").latest.iter().map(|execution| execution.due.number);
    assert_eq!(numbers.collect::<Vec<_>>(), (3..=12).collect::<Vec<_>>());
    assert_eq!(REMEMBERED, 10);
}

#[test]
fn a_due_date_asks_for_its_transfer_on_behalf_of_the_owner() {
    let [first, second, _] = months();
    let due = came(monthly(), first, Some(second), "2026-01-31T08:00:01Z");
    let (transfer, command_id, command) =
        saga::transfer_commands_after(&due, at(5), at(10)).expect("a transfer follows");
    assert_eq!(transfer, order_transfer_id(ORDER, date("2026-01-31")));
    assert_eq!(command_id, step_command_id(transfer, Step::CreateForOrder));
    let details = TransferDetails {
        transfer_id: transfer,
        from_account_id: ALICES,
        to_account_id: BOBS,
        money: usd(55),
        memo: Some(memo("Rent")),
        actor: Some(actor("alice")),
        deadline: at(10),
        reversal_of: None,
        bulk_id: None,
        order_id: Some(ORDER),
    };
    assert_eq!(command, TransferCommand::Create { details, now: at(5) });
    let again = saga::transfer_commands_after(&due, at(50), at(100)).expect("a transfer follows");
    assert_eq!((again.0, again.1), (transfer, command_id), "however often and whenever");
    assert_eq!(saga::transfer_commands_after(&placed(monthly(), first), at(5), at(10)), None);
}

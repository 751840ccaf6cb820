//! Dead letters and their redrive.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use messaging::{Outcome, redrive};

use crate::support::{Backend, Recorder, Running, ids, on_every_bus, until};

const PATIENCE: Duration = Duration::from_secs(30);

on_every_bus!(
    a_dead_letter_parks_later_ones_of_its_key_while_others_flow,
    parked_keys_stay_parked_after_a_restart,
    letters_whose_first_one_was_replayed_before_a_crash_are_replayed_after_it,
    a_redrive_replays_in_order_and_the_key_flows_again,
    a_redrive_stops_a_key_at_the_first_that_fails_again,
    a_redrive_from_outside_is_carried_out_by_the_running_subscription,
    a_redrive_requested_while_nothing_runs_is_carried_out_at_the_next_start,
    nothing_overtakes_during_redrives_under_load,
);

/// Refuses version 2 of every key until told otherwise.
fn refusing(open: &Arc<AtomicBool>) -> Recorder {
    let open = Arc::clone(open);
    Recorder::new(move |event| {
        if event.version.0 == 2 && !open.load(Ordering::SeqCst) {
            return Outcome::DeadLetter("refused".to_owned());
        }
        Outcome::Done
    })
}

async fn letters(backend: &Backend) -> u64 {
    let parked = backend.dead_letters.parked(&backend.group).await.expect("letters");
    parked.iter().map(|key| key.letters).sum()
}

async fn a_dead_letter_parks_later_ones_of_its_key_while_others_flow(backend: Backend) {
    let ids = ids(20);
    let bad = ids[7];
    let recorder = Recorder::new(move |event| {
        let refused = event.stream.aggregate_id == bad && event.version.0 == 3;
        if refused { Outcome::DeadLetter("refused".to_owned()) } else { Outcome::Done }
    });
    let running = Running::start(&backend, recorder.clone()).await;
    backend.publish(&ids, 1..=5).await;
    backend.publish(&ids, 6..=10).await;
    running.handle.caught_up().await;
    let others: Vec<_> = ids.iter().filter(|id| **id != bad).copied().collect();
    recorder.has_all(&others, 10).await;
    assert_eq!(recorder.versions(bad), [1, 2]);
    let letters = backend.dead_letters.list(&backend.group, None).await.expect("letters");
    let told: Vec<_> = letters
        .iter()
        .map(|letter| {
            (letter.reason.as_str(), letter.delivery.message.header("ce_sequence").unwrap_or_default())
        })
        .collect();
    let expected = [
        ("refused", "3"),
        ("behind", "4"),
        ("behind", "5"),
        ("behind", "6"),
        ("behind", "7"),
        ("behind", "8"),
    ];
    assert_eq!(told[..6], expected);
    assert_eq!(told.len(), 8);
    let parked = backend.dead_letters.parked(&backend.group).await.expect("letters");
    assert_eq!((parked.len(), parked[0].letters, parked[0].reason.as_str()), (1, 8, "refused"));
    running.stop().await;
}

async fn parked_keys_stay_parked_after_a_restart(backend: Backend) {
    let ids = ids(3);
    let open = Arc::new(AtomicBool::new(false));
    let recorder = refusing(&open);
    backend.publish(&ids, 1..=3).await;
    for last in [3, 5] {
        let running = Running::start(&backend, recorder.clone()).await;
        running.handle.caught_up().await;
        running.stop().await;
        backend.publish(&ids, last + 1..=last + 2).await;
    }
    for id in &ids {
        assert_eq!(recorder.versions(*id), [1]);
    }
    assert_eq!(letters(&backend).await, 3 * 4, "versions 2 to 5 of each");
}

/// What a process leaves behind that dies between two letters of a replay: the first is gone, the rest still say
/// that they wait behind it.
async fn letters_whose_first_one_was_replayed_before_a_crash_are_replayed_after_it(backend: Backend) {
    let ids = ids(1);
    let open = Arc::new(AtomicBool::new(false));
    let recorder = refusing(&open);
    let running = Running::start(&backend, recorder.clone()).await;
    backend.publish(&ids, 1..=5).await;
    running.handle.caught_up().await;
    running.stop().await;
    let key = ids[0].to_string();
    let waiting = backend.dead_letters.list(&backend.group, Some(&key)).await.expect("letters");
    let first = &waiting[0].delivery.position;
    backend.dead_letters.remove(&backend.group, first).await.expect("the first letter goes");
    open.store(true, Ordering::SeqCst);

    let running = Running::start(&backend, recorder.clone()).await;
    test_support::eventually(|| async {
        let left = letters(&backend).await;
        if left == 0 { Ok(()) } else { Err(left) }
    })
    .await;

    assert_eq!(recorder.versions(ids[0]), [1, 3, 4, 5]);
    running.stop().await;
}

async fn a_redrive_replays_in_order_and_the_key_flows_again(backend: Backend) {
    let ids = ids(5);
    let open = Arc::new(AtomicBool::new(false));
    let recorder = refusing(&open);
    let running = Running::start(&backend, recorder.clone()).await;
    backend.publish(&ids, 1..=6).await;
    running.handle.caught_up().await;
    assert_eq!(letters(&backend).await, 25);
    open.store(true, Ordering::SeqCst);
    let key = ids[2].to_string();
    let report = running.handle.redrive(Some(&key), PATIENCE).await.expect("a report");
    assert_eq!((report.requested, report.handled, report.remaining.len()), (5, 5, 0));
    recorder.has_all(&ids[2..3], 6).await;
    assert_eq!(recorder.versions(ids[1]), [1], "the others still wait");
    let report = running.handle.redrive(None, PATIENCE).await.expect("a report");
    assert_eq!((report.requested, report.handled, report.remaining.len()), (20, 20, 0));
    backend.publish(&ids, 7..=9).await;
    recorder.has_all(&ids, 9).await;
    running.handle.caught_up().await;
    assert_eq!(letters(&backend).await, 0);
    running.stop().await;
}

async fn a_redrive_stops_a_key_at_the_first_that_fails_again(backend: Backend) {
    let id = ids(1)[0];
    let refused_from = Arc::new(AtomicI64::new(2));
    let recorder = {
        let refused_from = Arc::clone(&refused_from);
        Recorder::new(move |event| {
            let refused = event.version.0 >= refused_from.load(Ordering::SeqCst);
            if refused { Outcome::DeadLetter(format!("refused {}", event.version)) } else { Outcome::Done }
        })
    };
    let running = Running::start(&backend, recorder.clone()).await;
    backend.publish(&[id], 1..=6).await;
    running.handle.caught_up().await;
    refused_from.store(4, Ordering::SeqCst);
    let report = running.handle.redrive(None, PATIENCE).await.expect("a report");
    assert_eq!((report.requested, report.handled), (5, 2));
    let remaining = &report.remaining[0];
    assert_eq!((remaining.letters, remaining.reason.as_str()), (3, "refused 4"));
    assert!(!report.is_pending());
    recorder.has_all(&[id], 3).await;
    running.stop().await;
}

async fn a_redrive_from_outside_is_carried_out_by_the_running_subscription(backend: Backend) {
    let ids = ids(3);
    let open = Arc::new(AtomicBool::new(false));
    let recorder = refusing(&open);
    let running = Running::start(&backend, recorder.clone()).await;
    backend.publish(&ids, 1..=4).await;
    running.handle.caught_up().await;
    open.store(true, Ordering::SeqCst);
    let report =
        redrive(backend.dead_letters.as_ref(), &backend.group, None, PATIENCE).await.expect("a report");
    assert_eq!((report.requested, report.handled), (9, 9));
    recorder.has_all(&ids, 4).await;
    running.stop().await;
}

async fn a_redrive_requested_while_nothing_runs_is_carried_out_at_the_next_start(backend: Backend) {
    let ids = ids(3);
    let open = Arc::new(AtomicBool::new(false));
    let recorder = refusing(&open);
    let running = Running::start(&backend, recorder.clone()).await;
    backend.publish(&ids, 1..=4).await;
    running.handle.caught_up().await;
    running.stop().await;
    let report =
        redrive(backend.dead_letters.as_ref(), &backend.group, None, Duration::ZERO).await.expect("a report");
    assert!(report.is_pending());
    open.store(true, Ordering::SeqCst);
    let running = Running::start(&backend, recorder.clone()).await;
    recorder.has_all(&ids, 4).await;
    running.stop().await;
}

async fn nothing_overtakes_during_redrives_under_load(backend: Backend) {
    const LAST: i64 = 120;
    let ids = ids(6);
    // Every tenth version is refused the first few times that it is seen.
    let refusals = Arc::new(AtomicI64::new(40));
    let recorder = {
        let refusals = Arc::clone(&refusals);
        Recorder::new(move |event| {
            if event.version.0 % 10 == 0 && refusals.fetch_sub(1, Ordering::SeqCst) > 0 {
                return Outcome::DeadLetter("refused for now".to_owned());
            }
            Outcome::Done
        })
    };
    let running = Running::start(&backend, recorder.clone()).await;
    let publishing = async {
        for version in 1..=LAST {
            backend.publish(&ids, version..=version).await;
        }
    };
    let redriving = async {
        while recorder.done().len() < 6 * LAST as usize {
            running.handle.redrive(None, PATIENCE).await.expect("a report");
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(publishing, redriving);
    recorder.has_all(&ids, LAST).await;
    for id in &ids {
        assert_eq!(recorder.versions(*id), (1..=LAST).collect::<Vec<_>>(), "in order, once");
    }
    running.handle.caught_up().await;
    let group = &backend.group;
    until(|| running.handle.status().parked, |parked| *parked == 0).await;
    assert!(backend.dead_letters.list(group, None).await.expect("letters").is_empty());
    running.stop().await;
}

//! A view that misses events.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use event_store::Version;
use messaging::{Outcome, StreamSource};
use uuid::Uuid;

use crate::support::{Backend, OwnerOf, Recorder, Running, ids, on_every_bus, quick_settings, until};

on_every_bus!(
    a_gap_is_filled_from_the_owner,
    a_gap_is_filled_once_the_owner_answers_and_others_flow_meanwhile,
    a_gap_found_before_a_restart_is_filled_after_it,
    without_an_owner_a_gap_stays_parked_and_visible,
);

/// A view that keeps the last version it has seen of each stream, as every projector does.
fn view() -> Recorder {
    let last_seen: Arc<Mutex<HashMap<Uuid, i64>>> = Arc::default();
    Recorder::new(move |event| {
        let mut last_seen = last_seen.lock().expect("not poisoned");
        let last = last_seen.entry(event.stream.aggregate_id).or_default();
        if event.version.0 > *last + 1 {
            return Outcome::Gap { last_seen: Version(*last) };
        }
        *last = (*last).max(event.version.0);
        Outcome::Done
    })
}

fn owner(last: i64, failing: usize) -> Option<Arc<dyn StreamSource>> {
    Some(Arc::new(OwnerOf { last, failing: AtomicUsize::new(failing) }))
}

async fn a_gap_is_filled_from_the_owner(backend: Backend) {
    let ids = ids(4);
    let view = view();
    let running = Running::start_with(&backend, view.clone(), owner(7, 0), quick_settings()).await;
    backend.publish(&ids, [1, 2, 6, 7]).await;
    view.has_all(&ids, 7).await;
    backend.publish(&ids, 8..=12).await;
    view.has_all(&ids, 12).await;
    until(|| running.handle.status().parked, |parked| *parked == 0).await;
    running.stop().await;
}

async fn a_gap_is_filled_once_the_owner_answers_and_others_flow_meanwhile(backend: Backend) {
    let ids = ids(6);
    let view = view();
    let running = Running::start_with(&backend, view.clone(), owner(5, 4), quick_settings()).await;
    backend.publish(&ids[..1], [1, 4, 5]).await;
    backend.publish(&ids[1..], 1..=5).await;
    view.has_all(&ids[1..], 5).await;
    view.has_all(&ids[..1], 5).await;
    running.handle.caught_up().await;
    until(|| running.handle.status().parked, |parked| *parked == 0).await;
    running.stop().await;
}

async fn a_gap_found_before_a_restart_is_filled_after_it(backend: Backend) {
    let ids = ids(2);
    let view = view();
    let running = Running::start_with(&backend, view.clone(), owner(5, usize::MAX), quick_settings()).await;
    backend.publish(&ids, [1, 5]).await;
    running.handle.caught_up().await;
    running.stop().await;
    assert_eq!(view.versions(ids[0]), [1]);
    let running = Running::start_with(&backend, view.clone(), owner(5, 0), quick_settings()).await;
    view.has_all(&ids, 5).await;
    running.stop().await;
}

async fn without_an_owner_a_gap_stays_parked_and_visible(backend: Backend) {
    let ids = ids(2);
    let view = view();
    let running = Running::start(&backend, view.clone()).await;
    backend.publish(&ids[..1], [1, 3]).await;
    backend.publish(&ids[1..], 1..=3).await;
    running.handle.caught_up().await;
    view.has_all(&ids[1..], 3).await;
    let parked = backend.dead_letters.parked(&backend.group).await.expect("letters");
    assert_eq!((parked.len(), parked[0].letters, parked[0].reason.as_str()), (1, 1, "gap"));
    let report = running.handle.redrive(None, std::time::Duration::from_secs(30)).await.expect("a report");
    assert_eq!((report.handled, report.remaining.len()), (0, 1), "it is still a gap");
    running.stop().await;
}

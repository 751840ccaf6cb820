//! Handlers that fail, buses that are down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use messaging::{Bus, Message, Outcome, SubscriptionSettings};

use crate::support::{Backend, Recorder, Running, SpyBus, ids, on_every_bus, quick_settings, until};

on_every_bus!(
    a_key_that_is_retried_does_not_hold_others,
    unfinished_work_comes_again_after_a_restart,
    an_offset_is_not_stored_past_unfinished_work,
    a_panic_is_a_reason_to_try_again,
    a_panic_of_one_key_does_not_hold_the_others_of_its_batch,
    a_message_that_is_no_event_is_a_dead_letter,
    it_joins_once_the_bus_is_up,
    a_source_that_went_silent_is_rebuilt,
);

async fn a_key_that_is_retried_does_not_hold_others(backend: Backend) {
    let ids = ids(20);
    let stubborn = ids[0];
    let open = Arc::new(AtomicBool::new(false));
    let recorder = {
        let open = Arc::clone(&open);
        Recorder::new(move |event| {
            if event.stream.aggregate_id == stubborn && event.version.0 == 2 && !open.load(Ordering::SeqCst) {
                return Outcome::Retry("not yet".to_owned());
            }
            Outcome::Done
        })
    };
    let running = Running::start(&backend, recorder.clone()).await;
    backend.publish(&ids, 1..=50).await;
    recorder.has_all(&ids[1..], 50).await;
    assert_eq!(recorder.versions(stubborn), [1], "later ones of the key wait");
    assert!(backend.lag().await > 0, "no offset is stored beyond it");
    open.store(true, Ordering::SeqCst);
    recorder.has_all(&ids, 50).await;
    running.handle.caught_up().await;
    running.stop().await;
}

async fn unfinished_work_comes_again_after_a_restart(backend: Backend) {
    let ids = ids(5);
    let stubborn = ids[3];
    backend.publish(&ids, 1..=10).await;
    let recorder = Recorder::new(move |event| {
        let fails = event.stream.aggregate_id == stubborn && event.version.0 >= 4;
        if fails { Outcome::Retry("never".to_owned()) } else { Outcome::Done }
    });
    let running = Running::start(&backend, recorder.clone()).await;
    let others: Vec<_> = ids.iter().filter(|id| **id != stubborn).copied().collect();
    recorder.has_all(&others, 10).await;
    recorder.has_all(&[stubborn], 3).await;
    running.stop().await;
    let recorder = Recorder::accepting();
    let running = Running::start(&backend, recorder.clone()).await;
    until(|| recorder.versions(stubborn), |versions| versions.last() == Some(&10)).await;
    assert!(
        recorder.versions(stubborn).ends_with(&[4, 5, 6, 7, 8, 9, 10]),
        "all that was unfinished, in order"
    );
    running.handle.caught_up().await;
    running.stop().await;
}

async fn an_offset_is_not_stored_past_unfinished_work(backend: Backend) {
    let id = ids(1)[0];
    let recorder = Recorder::new(|event| match event.version.0 {
        1..=3 => Outcome::Done,
        _ => Outcome::Retry("never".to_owned()),
    });
    let running = Running::start(&backend, recorder.clone()).await;
    backend.publish(&[id], 1..=9).await;
    recorder.has_all(&[id], 3).await;
    running.stop().await;
    assert_eq!(backend.lag().await, 6);
}

async fn a_panic_is_a_reason_to_try_again(backend: Backend) {
    let ids = ids(3);
    let panics = AtomicUsize::new(2);
    let recorder = Recorder::new(move |event| {
        let due = panics.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        assert!(!due, "a panic on purpose at {}", event.version);
        Outcome::Done
    });
    let running = Running::start(&backend, recorder.clone()).await;
    backend.publish(&ids, 1..=5).await;
    recorder.has_all(&ids, 5).await;
    running.handle.caught_up().await;
    running.stop().await;
}

async fn a_panic_of_one_key_does_not_hold_the_others_of_its_batch(backend: Backend) {
    let ids = ids(40);
    let poison = ids[0];
    backend.publish(&ids, 1..=3).await;
    let recorder = Recorder::new(move |event| {
        assert!(event.stream.aggregate_id != poison, "a panic on purpose, every time");
        Outcome::Done
    });
    let running = Running::start(&backend, recorder.clone()).await;
    recorder.has_all(&ids[1..], 3).await;
    assert!(recorder.versions(poison).is_empty());
    running.stop().await;
}

async fn a_message_that_is_no_event_is_a_dead_letter(backend: Backend) {
    let ids = ids(2);
    let key = ids[0].to_string();
    let broken =
        Message { topic: backend.topic.clone(), key: key.clone(), headers: vec![], payload: b"?".to_vec() };
    let messages =
        vec![backend.message(ids[0], 1), broken, backend.message(ids[0], 2), backend.message(ids[1], 1)];
    backend.bus.publish(messages).await.expect("published");
    let recorder = Recorder::accepting();
    let running = Running::start(&backend, recorder.clone()).await;
    running.handle.caught_up().await;
    assert_eq!(recorder.versions(ids[0]), [1]);
    assert_eq!(recorder.versions(ids[1]), [1]);
    let letters = backend.dead_letters.list(&backend.group, Some(&key)).await.expect("letters");
    let reasons: Vec<_> = letters.iter().map(|letter| letter.reason.as_str()).collect();
    assert_eq!(reasons, ["not an event: the header `ce_specversion` is missing", "behind"]);
    running.stop().await;
}

async fn it_joins_once_the_bus_is_up(backend: Backend) {
    let ids = ids(2);
    backend.publish(&ids, 1..=2).await;
    let spy = SpyBus::new(Arc::clone(&backend.bus));
    spy.controls.failing_joins.store(3, Ordering::SeqCst);
    let recorder = Recorder::accepting();
    let bus: Arc<dyn Bus> = Arc::new(spy);
    let running = Running::on(bus, &backend, recorder.clone(), None, quick_settings()).await;
    recorder.has_all(&ids, 2).await;
    running.stop().await;
}

async fn a_source_that_went_silent_is_rebuilt(backend: Backend) {
    let ids = ids(2);
    backend.publish(&ids, 1..=2).await;
    let spy = Arc::new(SpyBus::new(Arc::clone(&backend.bus)));
    let controls = Arc::clone(&spy.controls);
    controls.silent.store(true, Ordering::SeqCst);
    let recorder = Recorder::accepting();
    let settings = SubscriptionSettings { stall_after: Duration::from_secs(2), ..quick_settings() };
    let running = Running::on(spy as Arc<dyn Bus>, &backend, recorder.clone(), None, settings).await;
    until(|| controls.joins.load(Ordering::SeqCst), |joins| *joins == 1).await;
    controls.silent.store(false, Ordering::SeqCst);
    recorder.has_all(&ids, 2).await;
    assert!(controls.joins.load(Ordering::SeqCst) >= 2, "it joined anew");
    running.stop().await;
}

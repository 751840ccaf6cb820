//! The contract of a bus.

use messaging::{BusError, SourceEvent};
use test_support::eventually;

use crate::support::{Backend, Recorder, Running, ids, on_every_bus, until};

on_every_bus!(
    what_was_published_can_be_read_in_the_order_of_each_key,
    a_message_arrives_as_it_was_sent,
    an_unknown_topic_is_refused_by_whoever_asks_about_it,
    the_lag_is_what_has_no_stored_offset,
    a_new_group_starts_at_the_start,
    a_rewound_group_gets_everything_again,
    a_group_in_use_is_not_rewound,
    two_members_share_the_partitions_and_nothing_is_lost_when_one_leaves,
    members_come_and_go_while_messages_flow,
    it_answers_a_ping,
);

async fn what_was_published_can_be_read_in_the_order_of_each_key(backend: Backend) {
    let ids = ids(20);
    backend.publish(&ids, 1..=5).await;
    let deliveries = backend.bus.read_topic(&backend.topic).await.expect("the topic");
    assert_eq!(deliveries.len(), 100);
    let positions: Vec<_> = deliveries.iter().map(|delivery| &delivery.position).collect();
    assert!(positions.is_sorted(), "by partition and offset");
    for id in ids {
        let of_key: Vec<_> = deliveries.iter().filter(|d| d.message.key == id.to_string()).collect();
        let sequence: Vec<_> = of_key.iter().filter_map(|d| d.message.header("ce_sequence")).collect();
        assert_eq!(sequence, ["1", "2", "3", "4", "5"]);
        let partitions: Vec<_> = of_key.iter().map(|d| d.position.partition).collect();
        assert!(partitions.iter().all(|partition| *partition == partitions[0]), "one key, one partition");
    }
}

async fn a_message_arrives_as_it_was_sent(backend: Backend) {
    let mut sent = backend.message(ids(1)[0], 1);
    sent.headers.push(("ce_actor".to_owned(), "Zoë ✓".to_owned()));
    sent.headers.push(("empty".to_owned(), String::new()));
    backend.bus.publish(vec![sent.clone()]).await.expect("published");
    let mut source = backend.bus.consume(&backend.group, &[&backend.topic]).await.expect("a member");
    let delivery = loop {
        if let SourceEvent::Deliveries(mut deliveries) = source.next().await.expect("an event") {
            break deliveries.remove(0);
        }
    };
    assert_eq!(delivery.message, sent);
    assert_eq!(delivery.position.topic, backend.topic);
    source.close().await;
}

async fn an_unknown_topic_is_refused_by_whoever_asks_about_it(backend: Backend) {
    let lag = backend.bus.lag(&backend.group, &["bank.nobody-made-this"]).await;
    assert!(matches!(lag, Err(BusError::Failed(_))), "{lag:?}");
}

async fn the_lag_is_what_has_no_stored_offset(backend: Backend) {
    assert_eq!(backend.lag().await, 0);
    let ids = ids(3);
    backend.publish(&ids, 1..=4).await;
    assert_eq!(backend.lag().await, 12);
    let recorder = Recorder::accepting();
    let running = Running::start(&backend, recorder.clone()).await;
    recorder.has_all(&ids, 4).await;
    running.handle.caught_up().await;
    assert_eq!(backend.lag().await, 0);
    running.stop().await;
    backend.publish(&ids, 5..=5).await;
    assert_eq!(backend.lag().await, 3);
}

async fn a_new_group_starts_at_the_start(mut backend: Backend) {
    let ids = ids(3);
    backend.publish(&ids, 1..=4).await;
    for group in ["first", "second"] {
        backend.group = format!("{}-{group}", backend.group);
        let recorder = Recorder::accepting();
        let running = Running::start(&backend, recorder.clone()).await;
        recorder.has_all(&ids, 4).await;
        running.stop().await;
    }
}

async fn a_rewound_group_gets_everything_again(backend: Backend) {
    let ids = ids(3);
    backend.publish(&ids, 1..=4).await;
    for _ in 0..2 {
        let recorder = Recorder::accepting();
        let running = Running::start(&backend, recorder.clone()).await;
        recorder.has_all(&ids, 4).await;
        running.handle.caught_up().await;
        running.stop().await;
        // The broker may take a moment to notice that the last member has left.
        eventually(|| async { backend.bus.rewind(&backend.group, &[&backend.topic]).await }).await;
        assert_eq!(backend.lag().await, 12);
    }
}

async fn a_group_in_use_is_not_rewound(backend: Backend) {
    let ids = ids(1);
    backend.publish(&ids, 1..=1).await;
    let recorder = Recorder::accepting();
    let running = Running::start(&backend, recorder.clone()).await;
    recorder.has_all(&ids, 1).await;
    let refused = backend.bus.rewind(&backend.group, &[&backend.topic]).await;
    assert!(matches!(refused, Err(BusError::Failed(_))), "{refused:?}");
    running.stop().await;
}

async fn two_members_share_the_partitions_and_nothing_is_lost_when_one_leaves(backend: Backend) {
    let ids = ids(40);
    let recorder = Recorder::accepting();
    let first = Running::start(&backend, recorder.clone()).await;
    until(|| first.handle.status().partitions, |partitions| *partitions == 8).await;
    let second = Running::start(&backend, recorder.clone()).await;
    until(
        || (first.handle.status().partitions, second.handle.status().partitions),
        |shares| *shares == (4, 4),
    )
    .await;
    backend.publish(&ids, 1..=3).await;
    recorder.has_all(&ids, 3).await;
    first.stop().await;
    backend.publish(&ids, 4..=6).await;
    recorder.has_all(&ids, 6).await;
    until(|| second.handle.status().partitions, |partitions| *partitions == 8).await;
    second.handle.caught_up().await;
    assert_eq!(recorder.done().len(), 40 * 6, "and nothing came twice, because its offset was stored");
    second.stop().await;
}

async fn members_come_and_go_while_messages_flow(backend: Backend) {
    let ids = ids(30);
    let recorder = Recorder::accepting();
    let steady = Running::start(&backend, recorder.clone()).await;
    let mut guest: Option<Running> = None;
    for round in 0..6 {
        backend.publish(&ids, round * 5 + 1..=round * 5 + 5).await;
        guest = match guest.take() {
            Some(guest) => {
                guest.stop().await;
                None
            }
            None => {
                let guest = Running::start(&backend, recorder.clone()).await;
                until(|| guest.handle.status().partitions, |partitions| *partitions > 0).await;
                Some(guest)
            }
        };
    }
    recorder.has_all(&ids, 30).await;
    steady.handle.caught_up().await;
    steady.stop().await;
}

async fn it_answers_a_ping(backend: Backend) {
    backend.bus.ping().await.expect("it answers");
}

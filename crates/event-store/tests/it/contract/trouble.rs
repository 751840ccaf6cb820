//! What one command of a batch suffers is not suffered by the others.

use std::sync::Arc;

use event_store::{
    CommandContext, Commands, EventStore, ExecuteError, Executed, LaneSettings, StoreError, Version,
};
use uuid::Uuid;

use super::lanes::{Answer, items, one_lane, together};
use crate::backend::Backend;
use crate::forgetful::Forgetful;
use crate::shelf::{Order, Refusal, Shelf, once, orders, shelves, shelves_with_snapshots};

/// One lane that keeps no snapshots and knows nothing yet.
async fn fresh_lane(backend: &Arc<impl Backend>) -> Commands<Shelf> {
    let repository = shelves_with_snapshots(&backend.open().await, 0);
    Commands::lanes(repository, &LaneSettings { lanes: 1, ..LaneSettings::default() })
}

/// Eight shelves with three changes each, and the commands that made the last of them.
async fn eight_shelves(backend: &Arc<impl Backend>) -> Vec<(Uuid, Order, CommandContext)> {
    let lane = fresh_lane(backend).await;
    let ids: Vec<Uuid> = (0..8).map(|_| Uuid::now_v7()).collect();
    let first = ids.iter().map(|id| (*id, Order::PutEach(vec![1, 1]), once())).collect();
    together(&lane, first).await.iter().for_each(|answer| assert_eq!(items(answer), 2));
    let last: Vec<_> = ids.iter().map(|id| (*id, Order::Put(5), once())).collect();
    together(&lane, last.clone()).await.iter().for_each(|answer| assert_eq!(items(answer), 7));
    last
}

/// The smallest id's second event is gone.
const LOSE_AN_EVENT: &str = "DELETE FROM events WHERE version = 2
    AND aggregate_id = (SELECT aggregate_id FROM events ORDER BY aggregate_id LIMIT 1)";

fn expect_all_but_the_first(answers: &[Answer], expected: impl Fn(&Executed<Shelf>) -> bool) {
    assert!(matches!(answers[0], Err(ExecuteError::Store(StoreError::Corrupt(_)))), "{:?}", answers[0]);
    for answer in &answers[1..] {
        assert!(answer.as_ref().is_ok_and(&expected), "{answer:?}");
    }
}

pub(crate) async fn a_stream_that_cannot_be_read_fails_alone(backend: Arc<impl Backend>) {
    let mut known = eight_shelves(&backend).await;
    known.sort_by_key(|(id, ..)| *id);
    backend.tamper(LOSE_AN_EVENT).await;

    let commands = known.iter().map(|(id, ..)| (*id, Order::Take(1), once())).collect();
    let answers = together(&fresh_lane(&backend).await, commands).await;

    expect_all_but_the_first(&answers, |done| done.state.items == 6);
}

pub(crate) async fn a_repeated_command_that_cannot_be_read_fails_alone(backend: Arc<impl Backend>) {
    let mut known = eight_shelves(&backend).await;
    known.sort_by_key(|(id, ..)| *id);
    // The lane has the states, so that only what the repeated commands appended is read.
    let lane = fresh_lane(&backend).await;
    let commands = known.iter().map(|(id, ..)| (*id, Order::Take(1), once())).collect();
    together(&lane, commands).await.iter().for_each(|answer| assert_eq!(items(answer), 6));
    backend.tamper(LOSE_AN_EVENT).await;

    let answers = together(&lane, known).await;

    expect_all_but_the_first(&answers, |again| again.replayed && again.state.items == 7);
}

pub(crate) async fn a_command_that_panics_fails_alone(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let lane = one_lane(&store, LaneSettings::default());
    let ids: Vec<Uuid> = (0..3).map(|_| Uuid::now_v7()).collect();

    let commands = [
        (ids[0], Order::Put(1)),
        (ids[1], Order::Put(1)),
        (ids[1], Order::PullDown),
        (ids[1], Order::Put(1)),
        (ids[2], Order::Take(1)),
    ];
    let answers = together(&lane, commands.map(|(id, order)| (id, order, once())).into()).await;

    assert_eq!([0, 1, 3].map(|place| items(&answers[place])), [1, 1, 2]);
    assert!(matches!(answers[2], Err(ExecuteError::Store(StoreError::Database(_)))), "{:?}", answers[2]);
    let Err(ExecuteError::Refused { refusal, .. }) = &answers[4] else { panic!("{:?}", answers[4]) };
    assert_eq!(*refusal, Refusal::TooFew { items: 0 });
}

pub(crate) async fn the_same_command_twice_on_a_stream_that_conflicts_has_one_effect(
    backend: Arc<impl Backend>,
) {
    let (here, there, id) = (backend.open().await, backend.open().await, Uuid::now_v7());
    let lane = one_lane(&here, LaneSettings::default());
    lane.execute(id, Order::Put(1), once()).await.unwrap();
    orders(&there).execute(id, Order::Put(10), once()).await.unwrap();
    let twice = once();

    let commands = vec![
        (id, Order::Take(1), twice.clone()),
        (id, Order::Take(1), twice.clone()),
        (id, Order::Take(10), once()),
        (id, Order::Take(1), twice),
    ];
    let answers = together(&lane, commands).await;

    let replayed = [0, 1, 3].map(|place| answers[place].as_ref().unwrap().replayed);
    assert_eq!(replayed, [false, true, true]);
    assert_eq!([0, 1, 2, 3].map(|place| items(&answers[place])), [10, 10, 0, 10]);
    assert_eq!(shelves(&here).find(id).await.unwrap().version, Version(4));
}

pub(crate) async fn a_batch_whose_answer_is_lost_has_one_effect(backend: Arc<impl Backend>) {
    let forgetful = Forgetful::new(backend.open().await);
    let store: Arc<dyn EventStore> = forgetful.clone();
    let lane = one_lane(&store, LaneSettings::default());
    let ids: Vec<Uuid> = (0..4).map(|_| Uuid::now_v7()).collect();
    lane.execute(ids[0], Order::Put(1), once()).await.unwrap();
    let mut commands: Vec<_> = ids.iter().map(|id| (*id, Order::Put(2), once())).collect();
    let kept = CommandContext { store_refusal: true, ..once() };
    commands.push((ids[0], Order::Take(9), kept));
    commands.push((ids[1], Order::Take(9), once()));
    // Holding up the lane is a commit of its own.
    forgetful.lose_answers(2);

    let answers = together(&lane, commands).await;

    assert_eq!([0, 1, 2, 3].map(|place| items(&answers[place])), [3, 2, 2, 2]);
    assert!(answers[..4].iter().all(|answer| answer.as_ref().unwrap().replayed));
    let refused = |answer: &Answer| match answer {
        Err(ExecuteError::Refused { refusal: Refusal::TooFew { items }, replayed, .. }) => {
            (*items, *replayed)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!((refused(&answers[4]), refused(&answers[5])), ((3, true), (2, false)));
    for (id, version) in ids.iter().zip([2, 1, 1, 1]) {
        assert_eq!(shelves(&store).find(*id).await.unwrap().version, Version(version));
    }
}

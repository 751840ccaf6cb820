//! What happens when many commands wait at once. A held-up lane makes the batches certain.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use event_store::{
    CommandContext, Commands, EventStore, ExecuteError, Executed, ExpectedVersion, LaneSettings, StoreError,
    Until, Version,
};
use futures::future::{join, join_all};
use test_support::eventually;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::backend::Backend;
use crate::shelf::{Gate, Order, Refusal, Shelf, once, orders, shelf_stream, shelves};

pub(super) type Answer = Result<Executed<Shelf>, ExecuteError<Refusal>>;

/// One lane, so that everything that waits is one batch.
pub(super) fn one_lane(store: &Arc<dyn EventStore>, settings: LaneSettings) -> Commands<Shelf> {
    Commands::lanes(shelves(store), &LaneSettings { lanes: 1, ..settings })
}

/// Sends all of `commands` while the lane is held up, in their order, and then lets it go on.
pub(super) async fn together(
    lane: &Commands<Shelf>,
    commands: Vec<(Uuid, Order, CommandContext)>,
) -> Vec<Answer> {
    let (gate, held) = hold_up(lane).await;
    let mut calls: Vec<_> =
        commands.into_iter().map(|(id, order, context)| Box::pin(lane.execute(id, order, context))).collect();
    send_in_order(&mut calls).await;
    gate.open();
    let answers = join_all(calls).await;
    held.await.unwrap().unwrap();
    answers
}

/// Sends `calls`; none of them is answered yet.
async fn send_in_order(calls: &mut [Pin<Box<impl Future<Output = Answer>>>]) {
    for call in calls {
        assert!(futures::poll!(call).is_pending());
    }
}

/// The lane is busy from now on, until the gate is opened.
async fn hold_up(lane: &Commands<Shelf>) -> (Gate, JoinHandle<Answer>) {
    let gate = Gate::default();
    let held = tokio::spawn({
        let (lane, order) = (lane.clone(), Order::Wait(gate.clone()));
        async move { lane.execute(Uuid::now_v7(), order, once()).await }
    });
    eventually(|| async { if gate.somebody_waits() { Ok(()) } else { Err("the lane is not held up yet") } })
        .await;
    (gate, held)
}

pub(super) fn items(answer: &Answer) -> u64 {
    answer.as_ref().unwrap().state.items
}

pub(crate) async fn what_waits_is_one_commit(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let lane = one_lane(&store, LaneSettings::default());
    let shelves: Vec<Uuid> = (0..20).map(|_| Uuid::now_v7()).collect();

    let commands = shelves.iter().map(|id| (*id, Order::PutEach(vec![1, 2]), once())).collect();
    let answers = together(&lane, commands).await;

    let pending = store.pending(&[], 1000).await.unwrap();
    let [commit] = &pending[..] else { panic!("{} commits", pending.len()) };
    assert_eq!(commit.events.len(), 40);
    assert!(commit.events.iter().map(|event| event.ordinal).eq(0..40));
    for (id, answer) in shelves.iter().zip(answers) {
        let stored = store.load(&shelf_stream(*id), Version::NONE, Until::Latest).await.unwrap();
        assert_eq!(answer.unwrap().events, stored);
    }
}

pub(crate) async fn commands_on_one_stream_see_each_other(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let lane = one_lane(&store, LaneSettings::default());

    let orders = [Order::Put(3), Order::Take(2), Order::Take(2), Order::Put(1), Order::Take(2)];
    let answers = together(&lane, orders.map(|order| (id, order, once())).into()).await;

    assert_eq!([0, 1, 3, 4].map(|place| items(&answers[place])), [3, 1, 2, 0]);
    let Err(ExecuteError::Refused { refusal, version, .. }) = &answers[2] else { panic!("{:?}", answers[2]) };
    assert_eq!((refusal, *version), (&Refusal::TooFew { items: 1 }, Version(2)));
    assert_eq!(shelves(&store).find(id).await.unwrap().version, Version(4));
}

pub(crate) async fn a_command_that_conflicts_does_not_hold_up_the_others(backend: Arc<impl Backend>) {
    let (here, there) = (backend.open().await, backend.open().await);
    let lane = one_lane(&here, LaneSettings::default());
    let shelves_here: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
    for id in &shelves_here {
        lane.execute(*id, Order::Put(1), once()).await.unwrap();
    }
    // Another process moves one of the streams that this one has in its cache.
    orders(&there).execute(shelves_here[2], Order::Put(10), once()).await.unwrap();
    let before = here.pending(&[], 1000).await.unwrap().len();

    let commands = shelves_here.iter().map(|id| (*id, Order::Put(1), once())).collect();
    let answers = together(&lane, commands).await;

    assert_eq!(answers.iter().map(items).collect::<Vec<_>>(), [2, 2, 12, 2, 2]);
    let commits = here.pending(&[], 1000).await.unwrap();
    let sizes: Vec<usize> = commits[before..].iter().map(|commit| commit.events.len()).collect();
    assert_eq!(sizes, [4, 1], "the rest together, the one that conflicted alone");
}

pub(crate) async fn the_same_command_twice_in_one_batch_has_one_effect(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let lane = one_lane(&store, LaneSettings::default());
    lane.execute(id, Order::Put(1), once()).await.unwrap();
    let twice = once();

    let commands = vec![(id, Order::Take(1), twice.clone()), (id, Order::Take(1), twice)];
    let answers = together(&lane, commands).await;

    let [first, second] = &answers[..] else { panic!("{answers:?}") };
    let (first, second) = (first.as_ref().unwrap(), second.as_ref().unwrap());
    assert_eq!((first.replayed, second.replayed), (false, true));
    assert_eq!((&first.events, first.version), (&second.events, second.version));
    assert_eq!(shelves(&store).find(id).await.unwrap().version, Version(2));
}

pub(crate) async fn a_command_of_long_ago_in_a_batch_is_answered_again(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let lane = one_lane(&store, LaneSettings::default());
    let known: Vec<_> = (0..10).map(|_| (Uuid::now_v7(), Order::Put(1), once())).collect();
    let first: Vec<_> = together(&lane, known.clone()).await.into_iter().map(Result::unwrap).collect();
    let fresh = (known[3].0, Order::Put(5), once());

    // As a redelivered batch comes, with something new in it; and again by a process that knows nothing yet.
    let mut commands = known.clone();
    commands.push(fresh);
    let again = together(&lane, commands).await;
    let elsewhere = together(&one_lane(&backend.open().await, LaneSettings::default()), known).await;

    for (first, again) in first.iter().zip(again.iter().take(10)).chain(first.iter().zip(&elsewhere)) {
        assert_eq!(again.as_ref().unwrap(), &Executed { replayed: true, ..first.clone() });
    }
    assert_eq!(items(&again[10]), 6);
}

pub(crate) async fn a_stale_state_does_not_refuse_wrongly(backend: Arc<impl Backend>) {
    let (here, there, id) = (backend.open().await, backend.open().await, Uuid::now_v7());
    let lane = one_lane(&here, LaneSettings::default());
    lane.execute(id, Order::Put(1), once()).await.unwrap();
    orders(&there).execute(id, Order::Put(10), once()).await.unwrap();

    // This process believes that one item is there; eleven are.
    let answers = together(&lane, vec![(id, Order::Take(5), once()), (id, Order::Take(9), once())]).await;

    assert_eq!(items(&answers[0]), 6);
    let Err(ExecuteError::Refused { refusal, version, .. }) = &answers[1] else { panic!("{:?}", answers[1]) };
    assert_eq!((refusal, *version), (&Refusal::TooFew { items: 6 }, Version(3)));
}

pub(crate) async fn a_stale_state_does_not_fail_a_precondition_wrongly(backend: Arc<impl Backend>) {
    let (here, there, id) = (backend.open().await, backend.open().await, Uuid::now_v7());
    let lane = one_lane(&here, LaneSettings::default());
    lane.execute(id, Order::Put(1), once()).await.unwrap();
    let seen = orders(&there).execute(id, Order::Put(10), once()).await.unwrap().version;

    let context = CommandContext { expected: ExpectedVersion::Exact(seen), ..once() };
    let done = lane.execute(id, Order::Put(1), context).await.unwrap();

    assert_eq!((done.version, done.state.items), (Version(3), 12));
}

pub(crate) async fn a_refusal_is_not_answered_before_the_commit_it_rests_on(backend: Arc<impl Backend>) {
    let (here, there, id) = (backend.open().await, backend.open().await, Uuid::now_v7());
    let lane = one_lane(&here, LaneSettings::default());
    lane.execute(id, Order::Put(5), once()).await.unwrap();
    orders(&there).execute(id, Order::Put(5), once()).await.unwrap();

    // On the five items that this process knows of, the second one would be refused because of the first.
    let answers = together(&lane, vec![(id, Order::Take(4), once()), (id, Order::Take(4), once())]).await;

    assert_eq!([items(&answers[0]), items(&answers[1])], [6, 2]);
}

pub(crate) async fn an_evicted_state_is_read_again(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    // Room for a few states only.
    let lane = one_lane(&store, LaneSettings { cache_bytes: 1024, ..LaneSettings::default() });
    let shelves: Vec<Uuid> = (0..100).map(|_| Uuid::now_v7()).collect();

    for round in 1..=3 {
        let commands = shelves.iter().map(|id| (*id, Order::Put(1), once())).collect();
        let answers = together(&lane, commands).await;
        assert!(answers.iter().all(|answer| items(answer) == round));
    }
}

pub(crate) async fn a_full_queue_refuses_and_takes_again(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let lane = one_lane(&store, LaneSettings { queue: 4, ..LaneSettings::default() });
    let (gate, held) = hold_up(&lane).await;
    let mut calls: Vec<_> = (0..4).map(|_| Box::pin(lane.execute(id, Order::Put(1), once()))).collect();
    send_in_order(&mut calls).await;

    let refused = lane.execute(id, Order::Put(100), once()).await;
    gate.open();
    let answers = join_all(calls).await;
    held.await.unwrap().unwrap();
    let after = lane.execute(id, Order::Put(1), once()).await;

    assert!(matches!(refused, Err(ExecuteError::Overloaded)), "{refused:?}");
    assert_eq!(answers.iter().map(items).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(items(&after), 5);
}

pub(crate) async fn a_patient_command_waits_for_room(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let lane = one_lane(&store, LaneSettings { queue: 1, ..LaneSettings::default() });
    let (gate, held) = hold_up(&lane).await;
    let patient = || CommandContext { waits_for_room: true, ..once() };
    let mut calls: Vec<_> = (0..5).map(|_| Box::pin(lane.execute(id, Order::Put(1), patient()))).collect();
    send_in_order(&mut calls).await;

    gate.open();
    let answers = join_all(calls).await;

    held.await.unwrap().unwrap();
    assert_eq!(answers.iter().map(items).max(), Some(5));
}

pub(crate) async fn patient_commands_leave_room_for_others(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let lane = one_lane(&store, LaneSettings { queue: 4, ..LaneSettings::default() });
    let (gate, held) = hold_up(&lane).await;
    let patient = || CommandContext { waits_for_room: true, ..once() };
    let mut calls: Vec<_> = (0..20).map(|_| Box::pin(lane.execute(id, Order::Put(1), patient()))).collect();
    send_in_order(&mut calls).await;

    let mut others: Vec<_> = (0..3).map(|_| Box::pin(lane.execute(id, Order::Put(1), once()))).collect();
    let (first, second, third) =
        (futures::poll!(&mut others[0]), futures::poll!(&mut others[1]), futures::poll!(&mut others[2]));
    gate.open();
    others.pop();
    let answers = join(join_all(calls), join_all(others)).await;
    held.await.unwrap().unwrap();

    assert!(first.is_pending() && second.is_pending(), "half of the queue is theirs");
    assert!(matches!(third, Poll::Ready(Err(ExecuteError::Overloaded))), "{third:?}");
    assert_eq!(answers.0.iter().chain(&answers.1).map(items).max(), Some(22));
}

pub(crate) async fn one_command_that_cannot_be_written_fails_alone(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let lane = one_lane(&store, LaneSettings::default());
    let shelves: Vec<Uuid> = (0..3).map(|_| Uuid::now_v7()).collect();
    backend
        .tamper("CREATE UNIQUE INDEX only_one_label ON events (event_type) WHERE event_type = 'Labelled'")
        .await;
    lane.execute(shelves[0], Order::Label("books"), once()).await.unwrap();

    let commands =
        [(shelves[0], Order::Put(1)), (shelves[1], Order::Label("maps")), (shelves[2], Order::Put(1))];
    let answers = together(&lane, commands.map(|(id, order)| (id, order, once())).into()).await;

    assert_eq!([items(&answers[0]), items(&answers[2])], [1, 1]);
    assert!(matches!(answers[1], Err(ExecuteError::Store(StoreError::Database(_)))), "{:?}", answers[1]);
    let after = lane.execute(shelves[1], Order::Put(2), once()).await;
    assert_eq!((items(&after), after.unwrap().version), (2, Version(1)));
}

pub(crate) async fn two_processes_with_overlapping_batches_lose_nothing(backend: Arc<impl Backend>) {
    let (here, there) = (backend.open().await, backend.open().await);
    let (mine, yours) = (orders(&here), orders(&there));
    let shelves: Vec<Uuid> = (0..40).map(|_| Uuid::now_v7()).collect();
    let each = async |orders: &Commands<Shelf>, backwards: bool| {
        for _ in 0..5 {
            let mut ids = shelves.clone();
            if backwards {
                ids.reverse();
            }
            let calls = ids.into_iter().map(|id| orders.execute(id, Order::Put(1), once()));
            join_all(calls).await.iter().for_each(|answer| assert!(answer.is_ok(), "{answer:?}"));
        }
    };

    join(each(&mine, false), each(&yours, true)).await;

    for id in &shelves {
        let shelf = crate::shelf::shelves(&here).find(*id).await.unwrap();
        assert_eq!((shelf.version, shelf.state.items), (Version(10), 10));
    }
}

pub(crate) async fn what_was_decided_by_both_paths_is_the_same(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let (lanes, direct) = (orders(&store), Commands::direct(shelves(&store)));
    let context = once();

    lanes.execute(id, Order::Put(2), once()).await.unwrap();
    let first = direct.execute(id, Order::Take(1), context.clone()).await.unwrap();
    let again = lanes.execute(id, Order::Take(1), context).await.unwrap();
    let last = lanes.execute(id, Order::Take(1), once()).await.unwrap();

    assert_eq!(again, Executed { replayed: true, ..first });
    assert_eq!((last.version, last.state.items), (Version(3), 0));
}

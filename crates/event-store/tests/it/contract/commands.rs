use std::sync::Arc;

use event_store::{
    CommandContext, Commands, Conflict, ExecuteError, Executed, ExpectedVersion, Repository, RequestHash,
    StoreError, SystemClock, Until, Version,
};
use futures::future::{join, join_all};
use test_support::eventually;
use uuid::Uuid;

use crate::backend::Backend;
use crate::shelf::{Order, Refusal, Shelf, once, orders, put, shelf_stream, shelves};

type Answer = Result<Executed<Shelf>, ExecuteError<Refusal>>;

pub(crate) async fn a_command_gives_its_events_and_state(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let context = once();

    let done = orders(&store).execute(id, Order::PutEach(vec![2, 3]), context.clone()).await.unwrap();

    assert_eq!((done.id, done.version, done.state.items, done.replayed), (id, Version(2), 5, false));
    assert_eq!(done.events, store.load(&shelf_stream(id), Version::NONE, Until::Latest).await.unwrap());
    assert_eq!(done.events[1].decode::<crate::shelf::ShelfEvent>().unwrap(), put(3));
    let record = store.find_command(context.command_id).await.unwrap().unwrap();
    assert_eq!((record.stream, record.version, record.event_count), (shelf_stream(id), Version(2), 2));
}

pub(crate) async fn the_same_command_again_gives_the_first_result(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let orders = orders(&store);
    orders.execute(id, Order::Put(1), once()).await.unwrap();
    let context = once();
    let first = orders.execute(id, Order::PutEach(vec![2, 3]), context.clone()).await.unwrap();
    for _ in 0..5 {
        orders.execute(id, Order::Put(10), once()).await.unwrap();
    }

    let again = orders.execute(id, Order::PutEach(vec![2, 3]), context).await.unwrap();

    assert_eq!(again, Executed { replayed: true, ..first });
    assert_eq!(shelves(&store).find(id).await.unwrap().version, Version(8));
}

pub(crate) async fn the_same_command_on_another_aggregate_gives_the_first_result(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let (id, other, context) = (Uuid::now_v7(), Uuid::now_v7(), once());
    let first = orders(&store).execute(id, Order::Put(1), context.clone()).await.unwrap();

    let again = orders(&store).execute(other, Order::Put(1), context).await.unwrap();

    assert_eq!(again, Executed { replayed: true, ..first });
    assert_eq!(shelves(&store).find_optional(other).await.unwrap(), None);
}

pub(crate) async fn a_stored_refusal_is_given_again(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let orders = orders(&store);
    orders.execute(id, Order::Put(1), once()).await.unwrap();
    let context = CommandContext { store_refusal: true, ..once() };

    let first = orders.execute(id, Order::Take(5), context.clone()).await;
    orders.execute(id, Order::Put(10), once()).await.unwrap();
    let again = orders.execute(id, Order::Take(5), context).await;

    assert_eq!(refused(first), (Refusal::TooFew { items: 1 }, Version(1), false));
    assert_eq!(refused(again), (Refusal::TooFew { items: 1 }, Version(1), true));
    assert_eq!(store.pending(&[], 10).await.unwrap().len(), 2, "a refusal is not published");
}

pub(crate) async fn a_refusal_that_is_not_stored_is_decided_again(backend: Arc<impl Backend>) {
    let (store, id, context) = (backend.open().await, Uuid::now_v7(), once());
    let orders = orders(&store);

    let first = orders.execute(id, Order::Take(5), context.clone()).await;
    orders.execute(id, Order::Put(10), once()).await.unwrap();
    let again = orders.execute(id, Order::Take(5), context).await.unwrap();

    assert_eq!(refused(first), (Refusal::TooFew { items: 0 }, Version::NONE, false));
    assert_eq!((again.state.items, again.replayed), (5, false));
}

pub(crate) async fn another_request_under_the_same_id_is_told_apart(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let orders = orders(&store);
    let with_hash = |context: &CommandContext, byte| CommandContext {
        request_hash: Some(RequestHash([byte; 32])),
        store_refusal: true,
        ..context.clone()
    };
    let (accepted, declined) = (once(), once());
    orders.execute(id, Order::Put(1), with_hash(&accepted, 1)).await.unwrap();
    orders.execute(id, Order::Take(9), with_hash(&declined, 1)).await.unwrap_err();

    for (context, order) in [(accepted, Order::Put(2)), (declined, Order::Take(1))] {
        let other = orders.execute(id, order.clone(), with_hash(&context, 2)).await;
        assert!(matches!(other, Err(ExecuteError::RequestMismatch(id)) if id == context.command_id));
        let without = orders.execute(id, order, context).await;
        assert!(matches!(without, Err(ExecuteError::RequestMismatch(_))));
    }
    assert_eq!(shelves(&store).find(id).await.unwrap().state.items, 1);
}

pub(crate) async fn a_command_that_changes_nothing_is_kept_too(backend: Arc<impl Backend>) {
    let (store, id, context) = (backend.open().await, Uuid::now_v7(), once());
    let orders = orders(&store);
    orders.execute(id, Order::Label("books"), once()).await.unwrap();

    let first = orders.execute(id, Order::Label("books"), context.clone()).await.unwrap();
    orders.execute(id, Order::Label("maps"), once()).await.unwrap();
    let again = orders.execute(id, Order::Label("books"), context).await.unwrap();

    assert_eq!((first.version, first.events.len(), first.replayed), (Version(1), 0, false));
    assert_eq!(again, Executed { replayed: true, ..first });
    assert_eq!(shelves(&store).find(id).await.unwrap().state.label, "maps");
    assert_eq!(store.pending(&[], 10).await.unwrap().len(), 2);
}

pub(crate) async fn what_is_recorded_is_found_without_asking_again(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let orders = orders(&store);
    let hash = Some(RequestHash([1; 32]));
    let keyed = || CommandContext { request_hash: hash, store_refusal: true, ..once() };
    let (accepted, declined) = (keyed(), keyed());
    let first = orders.execute(id, Order::Put(1), accepted.clone()).await.unwrap();
    let refusal = orders.execute(id, Order::Take(9), declined.clone()).await;

    let again = orders.recorded(accepted.command_id, hash).await.unwrap();
    assert_eq!(again, Some(Executed { replayed: true, ..first }));
    let refused_again = orders.recorded(declined.command_id, hash).await.map(|_| panic!("it was refused"));
    assert_eq!(refused(refused_again).0, refused(refusal).0);
    for other in [None, Some(RequestHash([2; 32]))] {
        let mismatch = orders.recorded(accepted.command_id, other).await;
        assert!(matches!(mismatch, Err(ExecuteError::RequestMismatch(_))), "{mismatch:?}");
    }
    assert_eq!(orders.recorded(Uuid::now_v7(), hash).await.unwrap(), None);
}

pub(crate) async fn if_match_is_honoured(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let orders = orders(&store);
    let seen = |version| CommandContext { expected: ExpectedVersion::Exact(version), ..once() };

    let first = seen(Version::NONE);
    orders.execute(id, Order::Put(1), first.clone()).await.unwrap();
    let stale = orders.execute(id, Order::Put(1), seen(Version::NONE)).await;
    let again = orders.execute(id, Order::Put(1), first).await.unwrap();
    orders.execute(id, Order::Put(1), seen(Version(1))).await.unwrap();

    let Err(ExecuteError::Precondition(conflict)) = stale else { panic!("{stale:?}") };
    let expected = ExpectedVersion::Exact(Version::NONE);
    assert_eq!(conflict, Conflict { stream: shelf_stream(id), expected, actual: Version(1) });
    assert!(again.replayed, "a repeated command is answered before its precondition is looked at");
}

pub(crate) async fn concurrent_writers_lose_nothing(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let orders = orders(&store);

    let writers = (0..32).map(|_| orders.execute(id, Order::Put(1), once()));
    let mut versions: Vec<_> =
        join_all(writers).await.into_iter().map(|answer| answer.unwrap().version.0).collect();

    versions.sort_unstable();
    assert_eq!(versions, (1..=32).collect::<Vec<_>>());
    assert_eq!(shelves(&store).find(id).await.unwrap().state.items, 32);
}

pub(crate) async fn two_processes_lose_nothing(backend: Arc<impl Backend>) {
    let (here, there, id) = (backend.open().await, backend.open().await, Uuid::now_v7());
    let (mine, yours) = (orders(&here), orders(&there));

    let each = async |orders: &Commands<Shelf>| {
        for _ in 0..25 {
            orders.execute(id, Order::Put(1), once()).await.unwrap();
        }
    };
    join(each(&mine), each(&yours)).await;

    let shelf = shelves(&here).find(id).await.unwrap();
    assert_eq!((shelf.version, shelf.state.items), (Version(50), 50));
}

pub(crate) async fn the_same_command_twice_at_once_has_one_effect(backend: Arc<impl Backend>) {
    let (here, there, id) = (backend.open().await, backend.open().await, Uuid::now_v7());
    let (mine, yours) = (orders(&here), orders(&there));
    for round in 1..=20 {
        let context = CommandContext { store_refusal: round % 2 == 0, ..once() };
        // Only one item is there to be taken: the second one to come must not be refused because of the first.
        mine.execute(id, Order::Put(1), once()).await.unwrap();

        let (first, second) = join(
            mine.execute(id, Order::Take(1), context.clone()),
            yours.execute(id, Order::Take(1), context),
        )
        .await;

        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!(first.events, second.events);
        assert!(first.replayed != second.replayed);
    }
    assert_eq!(shelves(&here).find(id).await.unwrap().version, Version(40));
}

pub(crate) async fn a_caller_who_leaves_does_not_stop_the_command(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let orders = Commands::direct(Repository::<Shelf>::new(Arc::clone(&store), Arc::new(SystemClock), 0));

    for _ in 0..20 {
        let mut call = Box::pin(orders.execute(id, Order::Put(1), once()));
        // Polled once, so that the command is on its way, and dropped.
        assert!(futures::poll!(&mut call).is_pending());
    }

    eventually(|| async {
        let shelf = shelves(&store).find_optional(id).await.unwrap();
        shelf.filter(|shelf| shelf.version == Version(20)).ok_or("not all of them are committed")
    })
    .await;
    orders.execute(id, Order::Put(1), once()).await.unwrap();
    assert_eq!(shelves(&store).find(id).await.unwrap().state.items, 21);
}

pub(crate) async fn a_panic_is_an_error(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let orders = orders(&store);

    let broken = orders.execute(id, Order::PullDown, once()).await;

    assert!(matches!(broken, Err(ExecuteError::Store(StoreError::Database(_)))));
    assert_eq!(orders.execute(id, Order::Put(1), once()).await.unwrap().version, Version(1));
}

fn refused(answer: Answer) -> (Refusal, Version, bool) {
    match answer {
        Err(ExecuteError::Refused { refusal, version, replayed }) => (refusal, version, replayed),
        other => panic!("not refused: {other:?}"),
    }
}

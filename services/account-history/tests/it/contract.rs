//! What every store of views promises.

use account_history::store::{
    At, Building, Generations, SqliteViews, StoredAccount, TransferRange, ViewError, ViewStore, WriteBatch,
    Written,
};
use account_history::view::{AccountDocument, EntryPlace, Moment, Views};
use domain::ids::AccountId;
use event_store::Version;
use uuid::Uuid;

use crate::stores::{Store, active, everything};
use crate::world::World;

store_tests! {
    what_was_written_is_read,
    a_large_batch_is_written,
    a_document_is_replaced_only_under_the_revision_that_was_read,
    an_older_transfer_never_replaces_a_newer_one,
    rows_may_be_written_twice,
    accounts_are_listed_by_id_and_customer,
    entries_and_transfers_are_listed_newest_first,
    a_list_of_entries_goes_on_within_an_event,
    the_past_is_found,
    changes_are_listed_between_versions,
    generations_change_as_one_record,
    a_generation_in_use_is_never_dropped,
    writes_are_told,
}

fn batch_of(views: &Views) -> WriteBatch {
    let unstored = |document: &AccountDocument| StoredAccount { revision: 0, document: document.clone() };
    WriteBatch {
        moments: views.moments.values().cloned().collect(),
        transfers: views.transfers.values().cloned().collect(),
        accounts: views.accounts.values().map(unstored).collect(),
    }
}

/// Writes the views of a busy world.
async fn filled(store: &Store, seed: u64) -> Views {
    let views = Views::replay(&World::busy(seed, 60).events).expect("a whole past");
    assert_eq!(store.write(active(store).await, batch_of(&views)).await, Ok(Written::All));
    views
}

async fn what_was_written_is_read(store: Store) {
    let generation = active(&store).await;
    assert_eq!(everything(&store).await, Views::default());
    let views = filled(&store, 20).await;
    assert_eq!(everything(&store).await, views);
    let mut ids: Vec<AccountId> = views.accounts.keys().copied().collect();
    ids.push(AccountId(Uuid::now_v7()));
    let mut found = store.accounts(generation, &ids).await.expect("documents");
    found.sort_by_key(|stored| stored.document.id);
    let expected =
        views.accounts.values().map(|document| StoredAccount { revision: 1, document: document.clone() });
    assert_eq!(found, expected.collect::<Vec<_>>());
    let ids: Vec<_> = views.transfers.keys().copied().collect();
    assert_eq!(store.transfers(generation, &ids).await.expect("transfers").len(), ids.len());
    assert_eq!(store.accounts(generation, &[]).await, Ok(Vec::new()));
    assert_eq!(store.transfers(generation, &[]).await, Ok(Vec::new()));
    assert_eq!(store.ping().await, Ok(()));
}

async fn a_large_batch_is_written(store: Store) {
    let mut world = World::new(21);
    for number in 0..410 {
        world.open(&format!("customer-{number}"), 0);
    }
    let views = Views::replay(&world.events).expect("a whole past");
    assert_eq!(store.write(active(&store).await, batch_of(&views)).await, Ok(Written::All));
    assert_eq!(everything(&store).await, views);
}

async fn a_document_is_replaced_only_under_the_revision_that_was_read(store: Store) {
    let generation = active(&store).await;
    let id = AccountId(Uuid::now_v7());
    let write = async |revision: i64, version: i64| {
        let document = AccountDocument { version: Version(version), ..AccountDocument::new(id) };
        let accounts = vec![StoredAccount { revision, document }];
        store.write(generation, WriteBatch { accounts, ..WriteBatch::default() }).await.expect("an answer")
    };
    let stored = async || {
        let found = store.accounts(generation, &[id]).await.expect("documents");
        found.first().map(|stored| (stored.revision, stored.document.version.0))
    };
    assert_eq!((write(3, 9).await, stored().await), (Written::Raced, None));
    assert_eq!((write(0, 1).await, stored().await), (Written::All, Some((1, 1))));
    assert_eq!((write(0, 9).await, stored().await), (Written::Raced, Some((1, 1))));
    assert_eq!((write(1, 2).await, stored().await), (Written::All, Some((2, 2))));
    assert_eq!((write(1, 9).await, stored().await), (Written::Raced, Some((2, 2))));
}

async fn an_older_transfer_never_replaces_a_newer_one(store: Store) {
    let generation = active(&store).await;
    let mut world = World::new(22);
    let (ada, charles) = (world.open("ada", 9), world.open("charles", 9));
    let id = world.transfer(ada, charles, 5);
    let created = Views::replay(&world.events).expect("a whole past").transfers[&id].clone();
    world.settle();
    let completed = Views::replay(&world.events).expect("a whole past").transfers[&id].clone();
    for transfer in [&completed, &created, &completed] {
        let batch = WriteBatch { transfers: vec![transfer.clone()], ..WriteBatch::default() };
        assert_eq!(store.write(generation, batch).await, Ok(Written::All));
        assert_eq!(store.transfers(generation, &[id]).await, Ok(vec![completed.clone()]));
    }
}

async fn rows_may_be_written_twice(store: Store) {
    let views = filled(&store, 23).await;
    let again = WriteBatch { accounts: Vec::new(), ..batch_of(&views) };
    assert_eq!(store.write(active(&store).await, again).await, Ok(Written::All));
    assert_eq!(everything(&store).await, views);
}

async fn accounts_are_listed_by_id_and_customer(store: Store) {
    let views = filled(&store, 24).await;
    let generation = active(&store).await;
    let all = views.account_views();
    assert!(all.len() < views.accounts.len(), "the world has an account that was never opened");
    let mut listed = Vec::new();
    loop {
        let after = listed.last().map(|account: &account_history::view::AccountView| account.id);
        let page = store.list_accounts(generation, None, after, 2).await.expect("a page");
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }
    assert_eq!(listed, all);
    let customer = "customer-1".parse().expect("a customer id");
    let of_customer = store.list_accounts(generation, Some(&customer), None, 100).await.expect("a page");
    let expected: Vec<_> = all.iter().filter(|account| account.customer_id == customer).cloned().collect();
    assert_eq!(of_customer, expected);
    assert!(!expected.is_empty());
    let after = Some(expected[0].id);
    let rest = store.list_accounts(generation, Some(&customer), after, 100).await.expect("a page");
    assert_eq!(rest, expected[1..]);
}

async fn entries_and_transfers_are_listed_newest_first(store: Store) {
    let views = filled(&store, 25).await;
    let generation = active(&store).await;
    let account = views.account_views()[0].id;

    let mut entries: Vec<_> =
        views.entry_views().into_iter().filter(|entry| entry.account_id == account).collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.place()));
    assert!(entries.len() > 5);
    let mut listed = store.list_entries(generation, account, None, 3).await.expect("a page");
    assert_eq!(listed, entries[..3]);
    let before = Some(listed[2].place());
    listed.extend(store.list_entries(generation, account, before, 1_000).await.expect("a page"));
    assert_eq!(listed, entries);

    let shows = |document: &&account_history::view::TransferDocument| {
        document.transfer.from_account_id == account || document.transfer.to_account_id == account
    };
    let mut transfers: Vec<_> = views.transfers.values().filter(shows).cloned().collect();
    transfers.sort_by_key(|document| std::cmp::Reverse(document.transfer.order()));
    assert!(transfers.len() > 5);
    let mut listed =
        store.list_transfers(generation, account, TransferRange::default(), 3).await.expect("a page");
    assert_eq!(listed, transfers[..3]);
    let range = TransferRange { after: Some(listed[2].transfer.order()), until: None };
    listed.extend(store.list_transfers(generation, account, range, 1_000).await.expect("a page"));
    assert_eq!(listed, transfers);
    let range = TransferRange { after: None, until: Some(transfers[2].transfer.at) };
    assert_eq!(store.list_transfers(generation, account, range, 1_000).await, Ok(transfers[2..].to_vec()));
}

/// One event of three lines between two deposits: wherever a page ends, the next one goes on with the next line.
async fn a_list_of_entries_goes_on_within_an_event(store: Store) {
    let mut world = World::new(26);
    let (source, target) = (world.open("ada", 100), world.open("charles", 0));
    world.pay_many(source, vec![(target, 10), (target, 20), (target, 30)]);
    world.deposit(source, 5);
    let views = Views::replay(&world.events).expect("a whole past");
    let generation = active(&store).await;
    assert_eq!(store.write(generation, batch_of(&views)).await, Ok(Written::All));
    for size in 1..=6 {
        let (mut listed, mut before) = (Vec::new(), None);
        loop {
            let page = store.list_entries(generation, source, before, size).await.expect("a page");
            assert!(page.len() <= size);
            let Some(last) = page.last() else { break };
            before = Some(last.place());
            listed.extend(page);
        }
        let told: Vec<_> = listed
            .iter()
            .map(|entry| (entry.version.0, entry.line, entry.change.balance.minor_units()))
            .collect();
        let expected = [(4, None, 45), (3, Some(2), 40), (3, Some(1), 70), (3, Some(0), 90), (2, None, 100)];
        assert_eq!(told, expected, "pages of {size}");
    }
    let end = EntryPlace::first_of(Version(3));
    assert_eq!(store.list_entries(generation, source, Some(end), 9).await.expect("a page").len(), 1);
}

async fn the_past_is_found(store: Store) {
    let views = filled(&store, 26).await;
    let generation = active(&store).await;
    let account = views.account_views()[0].id;
    let rows: Vec<_> = views.moments.values().filter(|moment| moment.account_id == account).collect();
    let find = async |at| store.moment(generation, account, at).await.expect("an answer");
    for row in &rows {
        assert_eq!(find(At::Version(row.version)).await.as_ref(), Some(*row));
        let expected = rows.iter().filter(|other| other.at <= row.at).max_by_key(|other| other.version);
        assert_eq!(find(At::Time(row.at)).await.as_ref(), expected.copied());
    }
    assert_eq!(find(At::Version(Version(i64::MAX))).await.as_ref(), rows.last().copied());
    assert_eq!(find(At::Version(Version::NONE)).await, None);
    assert_eq!(find(At::Time(rows[0].at - chrono::Duration::microseconds(1))).await, None);
}

async fn changes_are_listed_between_versions(store: Store) {
    let views = filled(&store, 26).await;
    let generation = active(&store).await;
    let account = views.account_views()[0].id;
    let moved = |moment: &&Moment| moment.account_id == account && moment.entries().next().is_some();
    let all: Vec<Moment> = views.moments.values().filter(moved).cloned().collect();
    assert!(all.len() > 10 && all.windows(2).all(|two| two[0].version < two[1].version));
    let list = async |after: Version, until: Version, limit| {
        store.list_changes(generation, account, after, until, limit).await.expect("rows")
    };
    assert_eq!(list(Version::NONE, Version(i64::MAX), 1_000).await, all);
    assert_eq!(list(Version::NONE, Version(i64::MAX), 4).await, all[..4]);
    assert_eq!(list(all[1].version, all[7].version, 1_000).await, all[2..8]);
    assert_eq!(list(all[7].version, all[1].version, 1_000).await, []);
}

async fn generations_change_as_one_record(store: Store) {
    let record = async || store.generations().await.expect("the record");
    let old = record().await.active;
    assert_eq!(record().await, Generations { active: old, building: None });
    assert_eq!(store.announce(old).await, Ok(false), "it is not being built");
    let first = store.begin_generation().await.expect("a generation");
    let second = store.begin_generation().await.expect("a generation");
    assert!(old < first && first < second);
    assert_eq!(store.announce(first).await, Ok(false), "the second one took over");
    assert_eq!(store.note_missed(first).await, Ok(false));
    let unannounced = Building { generation: second, announced: false, missed: 0 };
    assert_eq!(record().await.building, Some(unannounced));
    assert_eq!(record().await.written().collect::<Vec<_>>(), [old]);
    assert_eq!(store.announce(second).await, Ok(true));
    assert_eq!(record().await.written().collect::<Vec<_>>(), [old, second]);
    assert_eq!(store.note_missed(second).await, Ok(true));
    let missed = Building { generation: second, announced: true, missed: 1 };
    assert_eq!(record().await.building, Some(missed));
    assert_eq!(store.switch(Building { missed: 0, ..missed }).await, Ok(false), "somebody missed an event");
    assert_eq!(record().await.active, old);
    assert_eq!(store.switch(missed).await, Ok(true));
    assert_eq!(record().await, Generations { active: second, building: None });
    assert_eq!(store.switch(missed).await, Ok(false), "once");
}

async fn a_generation_in_use_is_never_dropped(store: Store) {
    let views = filled(&store, 27).await;
    let old = active(&store).await;
    store.drop_generation(old).await.expect("an answer");
    assert_eq!(everything(&store).await, views);
    let next = store.begin_generation().await.expect("a generation");
    assert_eq!(store.write(next, batch_of(&views)).await, Ok(Written::All));
    store.drop_generation(next).await.expect("an answer");
    assert_eq!(store.everything(next).await, Ok(views.clone()));
    let building = Building { generation: next, announced: false, missed: 0 };
    assert_eq!(store.switch(building).await, Ok(true));
    store.drop_generation(old).await.expect("an answer");
    assert_eq!(store.everything(old).await, Ok(Views::default()));

    // A late writer into the old one leaves rubbish, which the next rebuild removes.
    assert_eq!(store.write(old, batch_of(&views)).await, Ok(Written::All));
    store.begin_generation().await.expect("a generation");
    assert_eq!(store.everything(old).await, Ok(Views::default()));
    assert_eq!(everything(&store).await, views);
}

async fn writes_are_told(store: Store) {
    let mut changes = store.changes();
    let views = filled(&store, 28).await;
    let written = *views.accounts.keys().next().expect("an account");
    changes.changed(written).await;
}

#[tokio::test]
async fn sqlite_keeps_them_over_a_restart_and_lets_others_look() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("deeper/views.sqlite");
    assert!(SqliteViews::open_read_only(&path).await.is_err(), "there is nothing to look at");
    let views = {
        let store: Store = std::sync::Arc::new(SqliteViews::open(&path).await.expect("a new file"));
        let views = filled(&store, 29).await;
        store.close().await;
        views
    };
    let live = SqliteViews::open(&path).await.expect("the same file");
    let looking = SqliteViews::open_read_only(&path).await.expect("the same file");
    for store in [&live, &looking] {
        let generation = store.generations().await.expect("the record").active;
        assert_eq!(store.everything(generation).await.as_ref(), Ok(&views));
    }
    let generation = live.generations().await.expect("the record").active;
    let refused = looking.write(generation, WriteBatch::default()).await;
    assert!(matches!(refused, Err(ViewError::Failed(_))), "{refused:?}");
    assert!(looking.begin_generation().await.is_err());
}

#[tokio::test]
async fn a_url_names_the_store() {
    use account_history::store::open;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}/views.sqlite", folder.path().display());
    open(&url).await.expect("a new file").views.ping().await.expect("it answers");
    for wrong in ["sqlite://", "postgres://localhost/views", "views.sqlite", ""] {
        assert!(matches!(open(wrong).await, Err(ViewError::Config(_))), "{wrong}");
    }
    #[cfg(feature = "distributed")]
    for wrong in ["mongodb://localhost", "mongodb://localhost/", "mongodb://localhost:port/views"] {
        assert!(matches!(open(wrong).await, Err(ViewError::Config(_))), "{wrong}");
    }
}

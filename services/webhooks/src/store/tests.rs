//! What the store promises, whichever database it is on.

use std::time::Duration;

use futures::future::join_all;

use super::*;
use crate::audience::Parties;
use crate::endpoint::Endpoint;
use crate::owner::Owner;
use crate::testing::{Place, at, deliveries, delivery, new_webhook, on_each_database, owner, webhook};

on_each_database! {
    a_webhook_is_there_for_its_owner_alone
    many_changes_at_once_are_all_made
    nobody_has_more_webhooks_than_they_may
    a_command_has_one_effect_and_one_answer
    a_refused_command_takes_no_key
    an_event_makes_one_delivery
    one_process_has_a_webhook_in_hand
    who_waited_longest_comes_first
    what_the_owner_changed_stands
    an_old_secret_signs_for_a_while
    a_delivery_ends_and_is_sent_again_when_asked_for
    a_list_goes_on_where_it_stopped
    what_is_old_goes
    an_erased_customer_has_nothing_and_gets_nothing
    who_may_hear_is_remembered
}

const LEASE: Duration = Duration::from_secs(30);

async fn a_webhook_is_there_for_its_owner_alone(place: &Place) {
    let (store, ada, bob) = (place.store().await, owner("ada"), owner("bob"));
    let id = webhook(&store, &ada).await;
    let made = store.webhook(&ada, id).await.unwrap().unwrap();
    assert_eq!((made.version, made.disabled, made.created_at), (1, None, at(0)));
    assert_eq!(store.webhooks_of(&ada).await.unwrap(), std::slice::from_ref(&made));

    assert_eq!(store.webhooks_of(&bob).await.unwrap(), []);
    assert_eq!(store.webhook(&bob, id).await.unwrap(), None);
    let target = Target { owner: &bob, webhook: id, expected: None };
    assert_eq!(store.change(&target, |_| made.clone()).await.unwrap(), Changed::NotThere);
    assert!(!store.delete(&bob, id).await.unwrap());
    assert_eq!(store.rotate_secret(None, &target, vec![1], at(9)).await.unwrap(), Effect::NoWebhook);
    assert_eq!(store.ask_for(None, &target, &delivery(id, at(0))).await.unwrap(), Effect::NoWebhook);

    let changed = Webhook { disabled: Some(Disabled::ByOwner), description: Some("x".to_owned()), ..made };
    let target = Target { owner: &ada, ..target };
    let first = Target { expected: Some(1), ..target };
    let now = Webhook { version: 2, ..changed.clone() };
    assert_eq!(store.change(&first, |_| changed.clone()).await.unwrap(), Changed::Now(now.clone()));
    let again = store.change(&first, |_| changed.clone()).await.unwrap();
    assert_eq!(again, Changed::OtherVersion(2), "it is at another version now");
    assert_eq!(store.webhook(&ada, id).await.unwrap(), Some(now));
    assert_eq!(store.ask_for(None, &target, &delivery(id, at(0))).await.unwrap(), Effect::Disabled);
    let stale = Target { expected: Some(1), ..target };
    assert_eq!(store.rotate_secret(None, &stale, vec![1], at(9)).await.unwrap(), Effect::OtherVersion(2));
    assert!(store.delete(&ada, id).await.unwrap());
    assert_eq!(store.webhooks_of(&ada).await.unwrap(), []);
}

/// None is refused for want of a turn, and none is lost.
async fn many_changes_at_once_are_all_made(place: &Place) {
    let (stores, ada) = ([place.store().await, place.store().await], owner("ada"));
    let id = webhook(&stores[0], &ada).await;
    let target = Target { owner: &ada, webhook: id, expected: None };
    let longer = |webhook: Webhook| {
        let description = webhook.description.clone().unwrap_or_default() + "x";
        Webhook { description: Some(description), ..webhook }
    };
    let changes = (0..64).map(|number| stores[number % 2].change(&target, longer));
    for changed in join_all(changes).await {
        assert!(matches!(changed.unwrap(), Changed::Now(_)));
    }
    let now = stores[0].webhook(&ada, id).await.unwrap().unwrap();
    assert_eq!((now.version, now.description), (65, Some("x".repeat(64))));
}

async fn nobody_has_more_webhooks_than_they_may(place: &Place) {
    let (store, ada) = (place.store().await, owner("ada"));
    let all: Vec<_> = (0..8).map(|_| new_webhook(&ada, "https://example.org/")).collect();
    let made = join_all(all.iter().map(|new| store.create(None, new, 3))).await;
    let made = made.into_iter().map(Result::unwrap).filter(|effect| *effect == Effect::Done).count();
    assert_eq!((made, store.webhooks_of(&ada).await.unwrap().len()), (3, 3));
}

fn keyed(id: u128, answer: &str) -> Keyed {
    let (id, answer) = (Uuid::from_u128(id), answer.as_bytes().to_vec());
    Keyed { id, owner: owner("ada"), request_hash: [1; 32], answer }
}

async fn a_command_has_one_effect_and_one_answer(place: &Place) {
    let (store, ada) = (place.store().await, owner("ada"));
    let tries: Vec<_> =
        (0..4).map(|number| (keyed(1, &number.to_string()), new_webhook(&ada, "https://a.org/"))).collect();
    let effects = join_all(tries.iter().map(|(command, new)| store.create(Some(command), new, 9))).await;
    let effects: Vec<_> = effects.into_iter().map(Result::unwrap).collect();
    let done: Vec<_> = (0..4).filter(|place| effects[*place] == Effect::Done).collect();
    let [first] = done[..] else { panic!("one has the effect: {effects:?}") };
    let replayed = Effect::Replayed(first.to_string().into_bytes());
    assert_eq!(effects.iter().filter(|effect| **effect == replayed).count(), 3, "{effects:?}");
    assert_eq!(store.webhooks_of(&ada).await.unwrap().len(), 1);

    let other = Keyed { request_hash: [2; 32], ..keyed(1, "") };
    assert_eq!(store.create(Some(&other), &tries[0].1, 9).await.unwrap(), Effect::KeyReused);
}

async fn a_refused_command_takes_no_key(place: &Place) {
    let (store, ada) = (place.store().await, owner("ada"));
    let new = new_webhook(&ada, "https://example.org/");
    assert_eq!(store.create(Some(&keyed(1, "a")), &new, 0).await.unwrap(), Effect::TooMany);
    assert_eq!(store.create(Some(&keyed(1, "b")), &new, 1).await.unwrap(), Effect::Done);
}

async fn an_event_makes_one_delivery(place: &Place) {
    let store = place.store().await;
    let id = webhook(&store, &owner("ada")).await;
    let new = delivery(id, at(0));
    for expected in [true, false] {
        let mut recording = store.begin().await.unwrap();
        assert_eq!(recording.deliver(&new).await.unwrap(), expected);
        recording.commit().await.unwrap();
    }
    assert_eq!(store.deliveries(id, None, 9).await.unwrap().len(), 1);
    assert_eq!(store.count_waiting().await.unwrap(), 1);
}

async fn one_process_has_a_webhook_in_hand(place: &Place) {
    let (one, other) = (place.store().await, place.store().await);
    let id = webhook(&one, &owner("ada")).await;
    let due = deliveries(&one, id, 3).await;
    assert!(one.take_turn(at(-1), LEASE, 9).await.unwrap().is_none(), "nothing is due yet");

    let (first, second) = tokio::join!(one.take_turn(at(0), LEASE, 2), other.take_turn(at(0), LEASE, 2));
    let turns: Vec<_> = [first.unwrap(), second.unwrap()].into_iter().flatten().collect();
    let [lost] = &turns[..] else { panic!("one of them has it: {turns:?}") };
    assert_eq!((lost.webhook, lost.due.len()), (id, 2));

    // Whoever had it is gone; it is in hand until the lease ends.
    assert!(other.take_turn(at(29), LEASE, 9).await.unwrap().is_none());
    let again = other.take_turn(at(30), LEASE, 9).await.unwrap().unwrap();
    let found: Vec<_> = again.due.iter().map(|due| due.id).collect();
    assert!(due.iter().all(|id| found.contains(id)), "what was not recorded is due again");
    // And comes back: it has nothing in hand any more.
    let failing = Standing { failures: 9, failing_since: Some(at(0)), disabled: Some(Disabled::Failing) };
    one.end_turn(lost, failing, at(0)).await.unwrap();
    assert!(one.take_turn(at(31), LEASE, 9).await.unwrap().is_none());
    other.end_turn(&again, Standing::default(), at(32)).await.unwrap();
    assert!(one.take_turn(at(31), LEASE, 9).await.unwrap().is_none(), "it is left alone for a while");
    assert!(one.take_turn(at(32), LEASE, 9).await.unwrap().is_some());
    one.close().await;
    other.close().await;
}

async fn who_waited_longest_comes_first(place: &Place) {
    let store = place.store().await;
    let (ada, bob) = (webhook(&store, &owner("ada")).await, webhook(&store, &owner("bob")).await);
    deliveries(&store, ada, 4).await;
    deliveries(&store, bob, 4).await;
    let mut served = Vec::new();
    for second in 1..5 {
        let turn = store.take_turn(at(second), LEASE, 1).await.unwrap().unwrap();
        let recorded = Recorded {
            state: DeliveryState::Delivered,
            next_try_at: at(second),
            status: Some(200),
            error: "",
        };
        store.record(turn.due[0].id, &recorded, at(second)).await.unwrap();
        store.end_turn(&turn, Standing::default(), at(second)).await.unwrap();
        served.push(turn.webhook);
    }
    assert!(served[0] != served[1] && served[..2] == served[2..], "each in turn: {served:?}");
}

async fn what_the_owner_changed_stands(place: &Place) {
    let (store, ada) = (place.store().await, owner("ada"));
    let id = webhook(&store, &ada).await;
    deliveries(&store, id, 1).await;
    let failing = Standing { failures: 9, failing_since: Some(at(0)), disabled: Some(Disabled::Failing) };
    let turn = store.take_turn(at(0), LEASE, 1).await.unwrap().unwrap();
    let target = Target { owner: &ada, webhook: id, expected: None };
    let endpoint: Endpoint = "https://other.org/".to_owned().try_into().unwrap();
    let changed = store.change(&target, |webhook| Webhook { endpoint, ..webhook }).await.unwrap();
    assert!(matches!(changed, Changed::Now(_)));

    store.end_turn(&turn, failing, at(1)).await.unwrap();

    assert_eq!(
        store.webhook(&ada, id).await.unwrap().unwrap().disabled,
        None,
        "that was about another address"
    );
    let turn = store.take_turn(at(1), LEASE, 1).await.unwrap().unwrap();
    assert_eq!((turn.endpoint.as_str(), turn.standing), ("https://other.org/", Standing::default()));
    store.end_turn(&turn, failing, at(1)).await.unwrap();
    let disabled = store.webhook(&ada, id).await.unwrap().unwrap();
    let shown = (disabled.disabled, disabled.failing_since, disabled.version);
    assert_eq!(shown, (Some(Disabled::Failing), Some(at(0)), 3));
    assert!(store.take_turn(at(99), LEASE, 1).await.unwrap().is_none(), "nothing is sent to it");
}

async fn an_old_secret_signs_for_a_while(place: &Place) {
    let (store, ada) = (place.store().await, owner("ada"));
    let id = webhook(&store, &ada).await;
    deliveries(&store, id, 1).await;
    let target = Target { owner: &ada, webhook: id, expected: Some(1) };
    let rotated = store.rotate_secret(None, &target, b"new".to_vec(), at(10)).await.unwrap();
    assert_eq!(rotated, Effect::Done);
    for (second, secrets) in [(9, 2), (10, 1)] {
        let turn = store.take_turn(at(second), LEASE, 1).await.unwrap().unwrap();
        assert_eq!((turn.secrets.len(), turn.secrets[0].as_slice()), (secrets, b"new".as_slice()));
        store.end_turn(&turn, Standing::default(), at(second)).await.unwrap();
    }
}

async fn a_delivery_ends_and_is_sent_again_when_asked_for(place: &Place) {
    let (store, ada) = (place.store().await, owner("ada"));
    let id = webhook(&store, &ada).await;
    let due = deliveries(&store, id, 1).await[0];
    let failed =
        Recorded { state: DeliveryState::Failed, next_try_at: at(5), status: None, error: "timeout" };
    store.record(due, &failed, at(5)).await.unwrap();
    let shown = store.deliveries(id, None, 9).await.unwrap().remove(0);
    let expected = (DeliveryState::Failed, 1, Some("timeout"));
    assert_eq!((shown.state, shown.attempts, shown.last_error.as_deref()), expected);
    assert!(store.take_turn(at(99), LEASE, 9).await.unwrap().is_none());

    let target = Target { owner: &ada, webhook: id, expected: None };
    let again = store.redeliver(None, &target, due, at(100)).await.unwrap();
    assert_eq!(again, Effect::Done);
    assert_eq!(store.take_turn(at(100), LEASE, 9).await.unwrap().unwrap().due[0].id, due);
    let unknown = store.redeliver(None, &target, Uuid::nil(), at(100)).await.unwrap();
    assert_eq!(unknown, Effect::NoDelivery);
}

async fn a_list_goes_on_where_it_stopped(place: &Place) {
    let store = place.store().await;
    let id = webhook(&store, &owner("ada")).await;
    let mut recording = store.begin().await.unwrap();
    for second in [0, 1, 1, 2] {
        assert!(recording.deliver(&delivery(id, at(second))).await.unwrap());
    }
    recording.commit().await.unwrap();
    let (mut after, mut seen) = (None, Vec::new());
    while let Some(next) = store.deliveries(id, after, 1).await.unwrap().pop() {
        after = Some((millis(next.created_at), next.id));
        seen.push(next.created_at);
    }
    assert_eq!(seen, [at(2), at(1), at(1), at(0)]);
}

async fn what_is_old_goes(place: &Place) {
    let store = place.store().await;
    let id = webhook(&store, &owner("ada")).await;
    deliveries(&store, id, 3).await;
    assert_eq!(store.delete_old_deliveries(at(0), 9).await.unwrap(), 0);
    assert_eq!(store.delete_old_deliveries(at(1), 2).await.unwrap(), 2);
    assert_eq!(store.delete_old_deliveries(at(1), 2).await.unwrap(), 1);
}

async fn an_erased_customer_has_nothing_and_gets_nothing(place: &Place) {
    let (store, ada, bob) = (place.store().await, owner("ada"), owner("bob"));
    let new = new_webhook(&ada, "https://example.org/");
    store.create(Some(&keyed(1, "a")), &new, 9).await.unwrap();
    deliveries(&store, new.id, 2).await;
    let kept = webhook(&store, &bob).await;
    deliveries(&store, kept, 1).await;

    for _ in 0..2 {
        let mut recording = store.begin().await.unwrap();
        recording.erase(&ada).await.unwrap();
        recording.commit().await.unwrap();
        store.overwrite_deleted().await.unwrap();
    }

    assert_eq!(store.webhooks_of(&ada).await.unwrap(), []);
    assert_eq!(store.count_waiting().await.unwrap(), 1, "somebody else's");
    let made = store.create(Some(&keyed(1, "a")), &new_webhook(&ada, "https://a.org/"), 9).await.unwrap();
    assert_eq!(made, Effect::NoOwner);
    assert_eq!(store.webhooks_of(&bob).await.unwrap().len(), 1);
}

async fn who_may_hear_is_remembered(place: &Place) {
    let store = place.store().await;
    let (account, transfer) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let some = |name: &str| Some(owner(name));
    let created = Parties { creator: some("ada"), ..Parties::default() };
    let credited = Parties { target_owner: some("bob"), ..created.clone() };
    for parties in [&created, &credited] {
        let mut recording = store.begin().await.unwrap();
        recording.account_opened(account, &owner("ada")).await.unwrap();
        // An account is opened once.
        recording.account_opened(account, &owner("mallory")).await.unwrap();
        recording.keep_parties(transfer, parties).await.unwrap();
        recording.commit().await.unwrap();
    }
    let mut recording = store.begin().await.unwrap();
    assert_eq!(recording.owner_of(account).await.unwrap(), some("ada"));
    assert_eq!(recording.owner_of(transfer).await.unwrap(), None::<Owner>);
    assert_eq!(recording.parties(transfer).await.unwrap(), credited);
    assert_eq!(recording.parties(account).await.unwrap(), Parties::default());
    recording.commit().await.unwrap();
}

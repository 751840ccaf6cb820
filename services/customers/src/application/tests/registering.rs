//! Registrations against each other, and against whoever cleans up behind them.

use domain::customer::CustomerRefusal;
use event_store::ExecuteError;
use futures::future::join_all;
use uuid::Uuid;

use super::stage::{A_MINUTE, Stage, assert_refused, password, person};
use crate::application::CustomerError;
use crate::sealing::CustomerKey;
use crate::vault::{NewCustomer, Reservation};

on_each_vault! {
    a_registration_that_was_taken_over_cannot_be_made_good,
    a_registration_that_commits_after_a_taker_has_looked_keeps_its_address_and_its_key,
    cleaning_up_behind_a_registration_leaves_what_its_repetition_made_good,
    a_repetition_that_comes_after_the_cleaning_up_is_told_so_for_good,
    whoever_is_told_that_an_address_is_reserved_holds_it,
    two_strangers_with_one_key_do_not_meet,
    a_registration_is_repeated_only_with_its_password_which_nobody_guesses_that_way,
}

async fn a_registration_that_was_taken_over_cannot_be_made_good(stage: &Stage) {
    let ada = person("Ada");
    let late = stage.request(None, &ada).await;
    let claimant = stage.application.reserve(&ada, &late).await.unwrap();
    let early = stage.try_register(&ada).await;
    assert!(matches!(early, Err(CustomerError::EmailTaken)), "{early:?}");

    stage.pass(A_MINUTE);
    let other = stage.register(&ada).await;
    let id = claimant.id;
    let late = stage.application.make_good(claimant, ada.clone(), &late).await;

    assert_refused(&late, &CustomerRefusal::RegistrationAbandoned);
    assert_eq!((stage.holder_of(&ada).await, stage.signs_in_as(&ada).await), (Some(other), other));
    assert!(!stage.has_key(id).await);
}

async fn a_registration_that_commits_after_a_taker_has_looked_keeps_its_address_and_its_key(stage: &Stage) {
    let ada = person("Ada");
    let slow = stage.request(None, &ada).await;
    let claimant = stage.application.reserve(&ada, &slow).await.unwrap();
    stage.pass(A_MINUTE);
    let seen = stage.hold_on(&ada).await.unwrap();
    assert!(!stage.application.holds(seen.customer, &ada.email).await.unwrap());

    let registered = stage.application.make_good(claimant, ada.clone(), &slow).await.unwrap();
    let taken = stage.application.take_from(&stage.lookup(&ada), &ada.email, &seen).await;

    assert!(matches!(taken, Err(CustomerError::EmailTaken)), "{taken:?}");
    assert_eq!(stage.signs_in_as(&ada).await, registered.id);
}

async fn cleaning_up_behind_a_registration_leaves_what_its_repetition_made_good(stage: &Stage) {
    let ada = person("Ada");
    let first = stage.request(Some("k"), &ada).await;
    let failed = stage.application.reserve(&ada, &first).await.unwrap().id;
    // Another process carries the same request out, before the first one cleans up.
    let again = stage.request(Some("k"), &ada).await;
    let registered = stage.application.register(ada.clone(), &again).await.unwrap();
    assert_eq!(registered.id, failed);

    stage.application.give_up_claim(failed).await.unwrap();

    assert!(stage.has_key(failed).await);
    assert_eq!(stage.signs_in_as(&ada).await, failed);
}

async fn a_repetition_that_comes_after_the_cleaning_up_is_told_so_for_good(stage: &Stage) {
    let ada = person("Ada");
    let request = stage.request(Some("k"), &ada).await;
    stage.application.reserve(&ada, &request).await.unwrap();
    let again = stage.application.reserve(&ada, &request).await.unwrap();
    stage.application.give_up_claim(again.id).await.unwrap();

    let outcome = stage.application.make_good(again, ada.clone(), &request).await;

    assert_refused(&outcome, &CustomerRefusal::RegistrationAbandoned);
    let repeated = stage.application.register(ada.clone(), &request).await;
    assert_refused(&repeated, &CustomerRefusal::RegistrationAbandoned);
    assert_eq!(stage.holder_of(&ada).await, None);
    // Under another key it is another registration.
    let other = stage.request(Some("l"), &ada).await;
    stage.application.register(ada, &other).await.unwrap();
}

/// One after the other takes the address and lets go of it, so that an insert fails and then nobody is found.
async fn whoever_is_told_that_an_address_is_reserved_holds_it(stage: &Stage) {
    let ada = person("Ada");
    let (vault, lookup) = (&stage.application.vault, &stage.lookup(&ada));
    let now = stage.application.clock.now();
    let visitor = |_| async move {
        let mut made = 0;
        for _ in 0..40 {
            let new = NewCustomer {
                id: Uuid::now_v7(),
                key: CustomerKey::random().unwrap(),
                password_hash: "none".to_owned(),
                command_id: Uuid::now_v7(),
                request_hash: [0; 32],
            };
            if let Reservation::Made = vault.reserve_new(lookup, &new, now).await.unwrap() {
                let holder = vault.holder(lookup).await.unwrap().map(|held| held.customer);
                assert_eq!((holder, vault.key(new.id).await.unwrap()), (Some(new.id), Some(new.key)));
                vault.delete(new.id).await.unwrap();
                made += 1;
            }
        }
        made
    };
    let made: i32 = join_all((0..8).map(visitor)).await.into_iter().sum();
    assert!(made > 0);
}

async fn two_strangers_with_one_key_do_not_meet(stage: &Stage) {
    let (ada, eve) = (person("Ada"), person("Eve"));
    let (first, second) = (stage.request(Some("1"), &ada).await, stage.request(Some("1"), &eve).await);
    assert_ne!(first.command_id(), second.command_id());
    let ada_id = stage.application.register(ada.clone(), &first).await.unwrap().id;
    let eve_id = stage.application.register(eve.clone(), &second).await.unwrap().id;
    assert_eq!((stage.signs_in_as(&ada).await, stage.signs_in_as(&eve).await), (ada_id, eve_id));
}

async fn a_registration_is_repeated_only_with_its_password_which_nobody_guesses_that_way(stage: &Stage) {
    let ada = person("Ada");
    let request = stage.request(Some("k"), &ada).await;
    let first = stage.application.register(ada.clone(), &request).await.unwrap();
    let mut guess = ada.clone();
    guess.password = password("incorrect horse");

    for _ in 0..10 {
        let told = stage.application.register(guess.clone(), &request).await;
        let mismatch = matches!(told, Err(CustomerError::Command(ExecuteError::RequestMismatch(_))));
        assert!(mismatch, "{told:?}");
    }
    let locked = stage.application.register(ada.clone(), &request).await;
    assert!(matches!(locked, Err(CustomerError::Locked(_))), "{locked:?}");
    // It is the same count as for signing in.
    assert!(matches!(stage.sign_in(&ada).await.err(), Some(CustomerError::Locked(_))));
    stage.pass(A_MINUTE);
    let again = stage.application.register(ada, &request).await.unwrap();
    assert_eq!((again.id, again.replayed), (first.id, true));
}

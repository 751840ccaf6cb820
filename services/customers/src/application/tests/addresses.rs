//! Changes of address against each other, against takers, and against erasure.

use domain::customer::{CustomerCommand, EmailAddress};
use domain::text::{Actor, CustomerId};
use event_store::{CommandContext, ExecuteError, ExpectedVersion};
use uuid::Uuid;

use super::stage::{A_MINUTE, Stage, context, person};
use crate::application::profile::BegunChange;
use crate::application::{CustomerError, Outcome, ProfileChange};

on_each_vault! {
    of_two_changes_at_once_the_second_begins_again_and_no_address_is_lost,
    a_change_whose_claim_was_taken_meanwhile_begins_again_and_is_refused,
    a_taker_leaves_a_claim_that_was_made_anew,
    a_change_that_commits_after_a_taker_has_looked_keeps_its_address,
    an_address_that_was_left_and_taken_again_is_not_given_up_by_the_first_change,
    an_old_address_that_a_crash_left_held_is_free_after_a_minute,
    whoever_tries_an_address_moves_nothing_of_whoever_has_it,
    an_erasure_takes_nothing_from_whoever_registered_with_the_address_meanwhile,
    a_change_of_address_of_somebody_erased_meanwhile_finds_no_customer,
}

fn to(email: &EmailAddress) -> ProfileChange {
    ProfileChange { email: Some(email.clone()), name: None }
}

async fn finish(stage: &Stage, id: Uuid, begun: BegunChange) -> Outcome {
    let context = CommandContext { expected: ExpectedVersion::Exact(begun.version), ..context() };
    stage.application.finish_change(begun, Actor::from(CustomerId::from(id)), context).await
}

async fn change(stage: &Stage, id: Uuid, email: &EmailAddress) -> Outcome {
    let begun = stage.application.begin_change(id, &to(email)).await?;
    finish(stage, id, begun).await
}

#[track_caller]
fn assert_begins_again(outcome: &Outcome) {
    let conflict = matches!(outcome, Err(CustomerError::Command(ExecuteError::Precondition(_))));
    assert!(conflict, "{outcome:?}");
}

async fn of_two_changes_at_once_the_second_begins_again_and_no_address_is_lost(stage: &Stage) {
    let (ada, b, c) = (person("Ada"), person("B"), person("C"));
    let id = stage.register(&ada).await;
    let one = stage.application.begin_change(id, &to(&b.email)).await.unwrap();
    let other = stage.application.begin_change(id, &to(&c.email)).await.unwrap();

    finish(stage, id, one).await.unwrap();
    assert_begins_again(&finish(stage, id, other).await);

    assert_eq!(stage.address_of(id).await, b.email);
    assert_eq!((stage.holder_of(&ada).await, stage.holder_of(&b).await), (None, Some(id)));
    // What was claimed in vain is somebody else's after a minute, and the event in between takes nothing away.
    stage.pass(A_MINUTE);
    let charles = stage.register(&c).await;
    assert_eq!((stage.signs_in_as(&c).await, stage.signs_in_as(&b).await), (charles, id));
}

async fn a_change_whose_claim_was_taken_meanwhile_begins_again_and_is_refused(stage: &Stage) {
    let (ada, b) = (person("Ada"), person("B"));
    let id = stage.register(&ada).await;
    let slow = stage.application.begin_change(id, &to(&b.email)).await.unwrap();
    stage.pass(A_MINUTE);

    let taker = stage.register(&b).await;

    assert_begins_again(&finish(stage, id, slow).await);
    let again = stage.application.begin_change(id, &to(&b.email)).await.err();
    assert!(matches!(again, Some(CustomerError::EmailTaken)), "{again:?}");
    assert_eq!((stage.signs_in_as(&b).await, stage.signs_in_as(&ada).await), (taker, id));
}

async fn a_taker_leaves_a_claim_that_was_made_anew(stage: &Stage) {
    let (ada, b) = (person("Ada"), person("B"));
    let id = stage.register(&ada).await;
    stage.application.begin_change(id, &to(&b.email)).await.unwrap();
    stage.pass(A_MINUTE);
    let seen = stage.hold_on(&b).await.unwrap();
    let begun_again = stage.application.begin_change(id, &to(&b.email)).await.unwrap();

    let taken = stage.application.take_from(&stage.lookup(&b), &b.email, &seen).await;

    assert!(matches!(taken, Err(CustomerError::EmailTaken)), "{taken:?}");
    assert_begins_again(&finish(stage, id, begun_again).await);
    change(stage, id, &b.email).await.unwrap();
    assert_eq!((stage.address_of(id).await, stage.holder_of(&b).await), (b.email, Some(id)));
}

async fn a_change_that_commits_after_a_taker_has_looked_keeps_its_address(stage: &Stage) {
    let (ada, b) = (person("Ada"), person("B"));
    let id = stage.register(&ada).await;
    let slow = stage.application.begin_change(id, &to(&b.email)).await.unwrap();
    stage.pass(A_MINUTE);
    let seen = stage.hold_on(&b).await.unwrap();

    finish(stage, id, slow).await.unwrap();
    let taken = stage.application.take_from(&stage.lookup(&b), &b.email, &seen).await;

    assert!(matches!(taken, Err(CustomerError::EmailTaken)), "{taken:?}");
    assert_eq!(stage.signs_in_as(&b).await, id);
}

/// The first change gives the old address up late, when the customer has come back to it.
async fn an_address_that_was_left_and_taken_again_is_not_given_up_by_the_first_change(stage: &Stage) {
    let (ada, b) = (person("Ada"), person("B"));
    let id = stage.register(&ada).await;
    let left = stage.hold_on(&ada).await.unwrap();
    // The process that left the address stopped between the event and giving it up.
    let mut begun = stage.application.begin_change(id, &to(&b.email)).await.unwrap();
    begun.given_up = None;
    finish(stage, id, begun).await.unwrap();
    change(stage, id, &ada.email).await.unwrap();

    assert!(!stage.application.vault.release(&stage.lookup(&ada), &left).await.unwrap());

    assert_eq!((stage.holder_of(&ada).await, stage.signs_in_as(&ada).await), (Some(id), id));
}

async fn an_old_address_that_a_crash_left_held_is_free_after_a_minute(stage: &Stage) {
    let (ada, b) = (person("Ada"), person("B"));
    let id = stage.register(&ada).await;
    let mut begun = stage.application.begin_change(id, &to(&b.email)).await.unwrap();
    begun.given_up = None;
    finish(stage, id, begun).await.unwrap();

    let early = stage.try_register(&ada).await;
    assert!(matches!(early, Err(CustomerError::EmailTaken)), "{early:?}");
    stage.pass(A_MINUTE);
    let anew = stage.register(&ada).await;

    assert_eq!((stage.signs_in_as(&ada).await, stage.signs_in_as(&b).await), (anew, id));
}

async fn whoever_tries_an_address_moves_nothing_of_whoever_has_it(stage: &Stage) {
    let ada = person("Ada");
    let id = stage.register(&ada).await;
    stage.pass(A_MINUTE);
    for _ in 0..3 {
        let taken = stage.try_register(&ada).await;
        assert!(matches!(taken, Err(CustomerError::EmailTaken)), "{taken:?}");
    }
    assert_eq!(stage.application.repository.find(id).await.unwrap().version.0, 1);
}

/// The address begins anew between the request to be erased and the destruction of the key.
async fn an_erasure_takes_nothing_from_whoever_registered_with_the_address_meanwhile(stage: &Stage) {
    let ada = person("Ada");
    let id = stage.register(&ada).await;
    stage.pass(A_MINUTE);
    let actor = Actor::from(CustomerId::from(id));
    let command = CustomerCommand::RequestErasure { actor, now: stage.application.clock.now() };
    stage.application.execute(id, command, context()).await.unwrap();

    let anew = stage.register(&ada).await;
    stage.application.finish_erasures().await.unwrap();

    assert_eq!((stage.has_key(id).await, stage.has_key(anew).await), (false, true));
    assert_eq!(stage.signs_in_as(&ada).await, anew);
}

async fn a_change_of_address_of_somebody_erased_meanwhile_finds_no_customer(stage: &Stage) {
    let (ada, b) = (person("Ada"), person("B"));
    let id = stage.register(&ada).await;
    stage.application.vault.erase(id).await.unwrap();
    let claimed = stage.application.claim(&stage.lookup(&b), &b.email, id).await;
    assert!(matches!(claimed, Err(CustomerError::NotFound)), "{claimed:?}");
}

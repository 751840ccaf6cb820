//! Passwords and sessions against each other.

use std::num::NonZeroUsize;

use domain::customer::CustomerCommand;
use domain::text::{Actor, CustomerId};

use super::stage::{A_MINUTE, PASSWORD, Stage, context, password, person};
use crate::application::{Application, CustomerError, Registration};
use crate::config::PasswordSettings;
use crate::passwords::{PasswordError, Passwords};
use crate::vault::TriedFor;

on_each_vault! {
    a_password_that_was_changed_while_it_was_checked_opens_no_session,
    a_session_that_was_opened_just_before_a_change_of_password_ends_with_it,
    of_two_changes_of_one_password_the_second_is_refused,
    an_unknown_address_is_counted_like_a_known_one_and_a_wait_is_not_followed_by_another_at_once,
    a_change_of_password_is_counted_by_itself,
    an_attempt_that_found_no_room_does_not_count,
    a_refused_refresh_of_somebody_who_is_no_customer_uses_nothing_up,
    a_hash_of_other_settings_is_renewed_when_its_owner_signs_in,
}

const OTHER: &str = "another horse battery";

fn with_password(person: &Registration, text: &str) -> Registration {
    Registration { password: password(text), ..person.clone() }
}

async fn a_password_that_was_changed_while_it_was_checked_opens_no_session(stage: &Stage) {
    let ada = person("Ada");
    let id = stage.register(&ada).await;
    let lookup = stage.lookup(&ada);
    let tried = TriedFor::Address(&lookup);
    let verified = stage.application.try_password(tried, Some(id), password(PASSWORD)).await.unwrap();

    stage.application.change_password(id, None, password(PASSWORD), password(OTHER)).await.unwrap();
    let late = stage.application.open_session(id, &verified.unwrap()).await.err();

    assert!(matches!(late, Some(CustomerError::WrongCredentials)), "{late:?}");
    assert_eq!(stage.count("SELECT count(*) FROM sessions").await, 0);
    stage.sign_in(&with_password(&ada, OTHER)).await.unwrap();
}

async fn a_session_that_was_opened_just_before_a_change_of_password_ends_with_it(stage: &Stage) {
    let ada = person("Ada");
    let id = stage.register(&ada).await;
    let session = stage.sign_in(&ada).await.unwrap();
    stage.application.change_password(id, None, password(PASSWORD), password(OTHER)).await.unwrap();
    let refreshed = stage.application.refresh(&session.refresh_token).await.err();
    assert!(matches!(refreshed, Some(CustomerError::RefreshRefused)), "{refreshed:?}");
}

async fn of_two_changes_of_one_password_the_second_is_refused(stage: &Stage) {
    let ada = person("Ada");
    let id = stage.register(&ada).await;
    let (vault, now) = (&stage.application.vault, stage.application.clock.now());
    let verified = vault.password_hash(id).await.unwrap().unwrap();
    assert!(vault.change_password(id, &verified, "one", None, now).await.unwrap());
    assert!(!vault.change_password(id, &verified, "other", None, now).await.unwrap());
    assert_eq!(vault.password_hash(id).await.unwrap().as_deref(), Some("one"));
}

async fn an_unknown_address_is_counted_like_a_known_one_and_a_wait_is_not_followed_by_another_at_once(
    stage: &Stage,
) {
    let (ada, nobody) = (person("Ada"), person("Nobody"));
    stage.register(&ada).await;
    for wrong in [with_password(&ada, OTHER), nobody] {
        let mut told = Vec::new();
        for _ in 0..11 {
            told.push(stage.sign_in(&wrong).await.err().unwrap());
        }
        let (last, counted) = told.split_last().unwrap();
        assert!(counted.iter().all(|told| matches!(told, CustomerError::WrongCredentials)), "{told:?}");
        assert!(matches!(last, CustomerError::Locked(60)), "{told:?}");
        stage.pass(A_MINUTE);
        for _ in 0..5 {
            let told = stage.sign_in(&wrong).await.err();
            assert!(matches!(told, Some(CustomerError::WrongCredentials)), "{told:?}");
        }
        let told = stage.sign_in(&wrong).await.err();
        assert!(matches!(told, Some(CustomerError::Locked(60))), "{told:?}");
    }
}

async fn a_change_of_password_is_counted_by_itself(stage: &Stage) {
    let ada = person("Ada");
    let id = stage.register(&ada).await;
    let change = async |current: &str| {
        stage.application.change_password(id, None, password(current), password(OTHER)).await
    };
    for _ in 0..10 {
        let told = change("incorrect horse").await;
        assert!(matches!(told, Err(CustomerError::WrongPassword)), "{told:?}");
    }
    assert!(matches!(change(PASSWORD).await, Err(CustomerError::Locked(_))));
    // Whoever holds a stolen token locks its owner out of nothing else.
    stage.sign_in(&ada).await.unwrap();
}

async fn an_attempt_that_found_no_room_does_not_count(stage: &Stage) {
    let ada = person("Ada");
    stage.register(&ada).await;
    let everybody: Vec<_> = std::iter::from_fn(|| stage.application.passwords.turn().ok()).collect();
    for _ in 0..20 {
        let told = stage.sign_in(&ada).await.err();
        let no_room = matches!(told, Some(CustomerError::Password(PasswordError::Overloaded)));
        assert!(no_room, "{told:?}");
    }
    drop(everybody);
    assert_eq!(stage.count("SELECT count(*) FROM attempts").await, 0);
    stage.sign_in(&ada).await.unwrap();
}

/// What is refused before the token is used up leaves it as it was.
async fn a_refused_refresh_of_somebody_who_is_no_customer_uses_nothing_up(stage: &Stage) {
    let ada = person("Ada");
    let id = stage.register(&ada).await;
    let session = stage.sign_in(&ada).await.unwrap();
    let actor = Actor::from(CustomerId::from(id));
    let command = CustomerCommand::RequestErasure { actor, now: stage.application.clock.now() };
    stage.application.execute(id, command, context()).await.unwrap();
    for _ in 0..2 {
        let told = stage.application.refresh(&session.refresh_token).await.err();
        assert!(matches!(told, Some(CustomerError::RefreshRefused)), "{told:?}");
    }
    assert_eq!(stage.count("SELECT count(*) FROM refresh_tokens WHERE used_at > 0").await, 0);
}

async fn a_hash_of_other_settings_is_renewed_when_its_owner_signs_in(stage: &Stage) {
    let ada = person("Ada");
    let id = stage.register(&ada).await;
    let settings = PasswordSettings { memory_kib: 128, iterations: 1, at_once: NonZeroUsize::MIN };
    let application =
        Application { passwords: Passwords::new(&settings).unwrap(), ..stage.application.clone() };
    let sign_in = || application.sign_in(&ada.email, ada.password.clone());
    sign_in().await.unwrap();
    let hash = application.vault.password_hash(id).await.unwrap().unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=128,"), "{hash}");
    sign_in().await.unwrap();
}

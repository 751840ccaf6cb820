//! What the log promises, whatever database it is on.

use audit::{AuditLog, Decision, Fault, Filter, Hash};
use chrono::DateTime;
use futures::StreamExt;
use futures::future::join_all;
use futures::stream;
use uuid::Uuid;

use crate::place::Place;

macro_rules! on_each_database {
    ($($promise:ident)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $promise() {
                let place = super::Place::sqlite();
                super::$promise(&place).await;
                place.end().await;
            })*
        }

        #[cfg(feature = "postgres")]
        mod postgres {
            $(#[tokio::test]
            async fn $promise() {
                let place = super::Place::postgres().await;
                super::$promise(&place).await;
                place.end().await;
            })*
        }
    };
}

on_each_database! {
    entries_are_a_chain
    it_goes_on_after_a_restart
    many_writers_make_one_chain
    whoever_opens_it_disturbs_no_writer
    a_changed_entry_is_found
    a_removed_entry_is_found
    a_cut_end_is_found
    a_rewritten_log_is_found_by_a_noted_head
    the_database_itself_refuses_changes
    entries_are_read_by_actor_and_resource
}

fn decision(number: u128) -> Decision {
    Decision {
        at: DateTime::from_timestamp(1_700_000_000, 0).expect("a time"),
        actor: Some(format!("customer-{}", number % 2)),
        action: "POST /v1/accounts/{id}/deposits".to_owned(),
        resource: format!("/v1/accounts/{number}/deposits"),
        status: 200,
        code: None,
        request_id: Uuid::from_u128(number),
        correlation_id: Uuid::from_u128(number),
    }
}

async fn record(log: &AuditLog, count: u128) {
    for number in 1..=count {
        log.record(decision(number)).await.expect("it is written");
    }
}

async fn entries_are_a_chain(place: &Place) {
    let log = place.log().await;
    assert_eq!(log.verify(None).await.expect("it answers").head, Hash::NONE);
    record(&log, 5).await;
    let verified = log.verify(None).await.expect("it answers");
    assert_eq!((verified.entries, &verified.fault), (5, &None));
    assert_eq!(log.head().await.expect("it answers"), (5, verified.head));
    let (entries, last) = log.read(&Filter::default(), 0, 100).await.expect("it answers");
    assert_eq!(last, 5);
    for (at, entry) in entries.iter().enumerate() {
        assert_eq!((entry.sequence, &entry.decision), (at as i64 + 1, &decision(at as u128 + 1)));
    }
}

async fn it_goes_on_after_a_restart(place: &Place) {
    let first = place.log().await;
    record(&first, 2).await;
    first.close().await;
    let second = place.log().await;
    assert_eq!(second.record(decision(3)).await.expect("it is written"), 3);
    assert_eq!(second.verify(None).await.expect("it answers").entries, 3);
}

async fn many_writers_make_one_chain(place: &Place) {
    let logs = [place.log().await, place.log().await, place.log().await];
    let all = (0..120).map(|number| logs[number % 3].record(decision(number as u128)));
    let mut sequences: Vec<_> =
        join_all(all).await.into_iter().map(|written| written.expect("it is written")).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=120).collect::<Vec<_>>(), "each has a place of its own");
    let verified = logs[0].verify(None).await.expect("it answers");
    assert_eq!((verified.entries, verified.fault), (120, None));
}

/// A service that starts finds the tables there, and takes nothing from those that write.
async fn whoever_opens_it_disturbs_no_writer(place: &Place) {
    let logs = [place.log().await, place.log().await];
    let write = (0..200).map(|number| logs[number % 2].record(decision(number as u128)));
    let open = async {
        for _ in 0..40 {
            place.log().await.close().await;
        }
    };
    // A few at once, so that there is always one under way.
    let write = stream::iter(write).buffer_unordered(4).collect::<Vec<_>>();
    let (written, ()) = tokio::join!(write, open);
    for sequence in written {
        sequence.expect("it is written");
    }
    let verified = logs[0].verify(None).await.expect("it answers");
    assert_eq!((verified.entries, verified.fault), (200, None));
}

async fn damaged(place: &Place, sql: &'static str) -> Option<Fault> {
    let log = place.log().await;
    record(&log, 5).await;
    log.close().await;
    place.damage(sql).await;
    place.log().await.verify(None).await.expect("it answers").fault
}

async fn a_changed_entry_is_found(place: &Place) {
    let change = "UPDATE audit_entries SET entry = replace(entry, '200', '201') WHERE sequence = 3";
    assert_eq!(damaged(place, change).await, Some(Fault::Changed(3)));
}

async fn a_removed_entry_is_found(place: &Place) {
    assert_eq!(damaged(place, "DELETE FROM audit_entries WHERE sequence = 2").await, Some(Fault::Gap(3)));
}

async fn a_cut_end_is_found(place: &Place) {
    assert_eq!(damaged(place, "DELETE FROM audit_entries WHERE sequence > 3").await, Some(Fault::Cut));
}

/// Whoever may write to the database can make a chain that holds; it is another one than the one that was noted.
async fn a_rewritten_log_is_found_by_a_noted_head(place: &Place) {
    let log = place.log().await;
    record(&log, 3).await;
    let noted = log.head().await.expect("it answers").1;
    record(&log, 2).await;
    assert_eq!(log.verify(Some(noted)).await.expect("it answers").fault, None);
    log.close().await;

    place
        .damage(
            "DELETE FROM audit_entries; UPDATE audit_head SET sequence = 0, hash = \
             '0000000000000000000000000000000000000000000000000000000000000000'",
        )
        .await;
    let forged = place.log().await;
    for number in [1, 2, 4] {
        forged.record(decision(number)).await.expect("it is written");
    }
    assert_eq!(forged.verify(None).await.expect("it answers").fault, None);
    let verified = forged.verify(Some(noted)).await.expect("it answers");
    assert_eq!(verified.fault, Some(Fault::NotedHeadMissing));
}

async fn the_database_itself_refuses_changes(place: &Place) {
    let log = place.log().await;
    record(&log, 1).await;
    for change in ["UPDATE audit_entries SET entry = '{}'", "DELETE FROM audit_entries"] {
        let refusal = place.refused(change).await;
        assert!(refusal.contains("append-only"), "{change}: {refusal}");
    }
}

async fn entries_are_read_by_actor_and_resource(place: &Place) {
    let log = place.log().await;
    record(&log, 6).await;
    let sequences = async |filter: Filter, after, limit| {
        let (entries, last) = log.read(&filter, after, limit).await.expect("it answers");
        (entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), last)
    };
    let of = |actor: &str| Filter { actor: Some(actor.to_owned()), resource: None };
    assert_eq!(sequences(of("customer-1"), 0, 100).await, (vec![1, 3, 5], 6));
    assert_eq!(sequences(of("customer-1"), 1, 2).await, (vec![3], 3));
    assert_eq!(sequences(of("nobody"), 0, 4).await, (vec![], 4));
    let on = Filter { resource: Some("/accounts/4/".to_owned()), actor: None };
    assert_eq!(sequences(on, 0, 100).await, (vec![4], 6));
}

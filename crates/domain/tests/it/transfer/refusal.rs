//! What a refusal and its reasons are called.

use domain::transfer::{Answer, RefusalReason, TransferRefusal, TransferStatus, UnwindReason};

use crate::fixtures::deadline;

#[test]
fn a_refusal_is_stored_under_its_code() {
    let state = TransferStatus::Debited;
    let every_refusal = [
        TransferRefusal::TransferNotFound,
        TransferRefusal::AlreadyCreated,
        TransferRefusal::SameAccount,
        TransferRefusal::TooLate { state },
        TransferRefusal::AlreadyEnded { state },
        TransferRefusal::AlreadyGivenUp { state },
        TransferRefusal::NotOverdue { deadline: deadline() },
        TransferRefusal::NotCompleted { state },
        TransferRefusal::AlreadyReversed,
        TransferRefusal::UnexpectedAnswer { state, answer: Answer::Debit },
    ];
    for refusal in every_refusal {
        let stored = serde_json::to_value(&refusal).expect("a refusal serializes");
        assert_eq!(stored["code"], refusal.code());
        assert_eq!(serde_json::from_value::<TransferRefusal>(stored).expect("and comes back"), refusal);
    }
}

#[test]
fn reasons_and_states_are_the_words_of_the_api() {
    let words = |json: serde_json::Result<String>| json.expect("words serialize");
    assert_eq!(
        words(serde_json::to_string(RefusalReason::ALL)),
        r#"["insufficient-funds","account-not-found","account-closed","account-frozen","same-account","currency-mismatch","limit-exceeded","deadline-exceeded"]"#
    );
    assert_eq!(
        words(serde_json::to_string(TransferStatus::ALL)),
        r#"["initial","debited","completed","refunding","failed","cancelling","cancelled"]"#
    );
}

#[test]
fn the_reason_of_a_refund_is_one_word() {
    for (reason, word) in [
        (UnwindReason::Cancelled, "cancelled"),
        (UnwindReason::Refused(RefusalReason::AccountFrozen), "account-frozen"),
    ] {
        assert_eq!(serde_json::to_value(reason).expect("a reason serializes"), word);
        assert_eq!(serde_json::from_value::<UnwindReason>(word.into()).expect("and comes back"), reason);
        assert_eq!(reason.to_string(), word);
    }
}

//! How long transfers take.

use domain::transfer::MoneyTransfer;
use event_store::Executed;
use metrics::histogram;

/// Measures the time from a transfer's creation to its end, by how it ended, when this command ended it.
pub(crate) fn note_end(executed: &Executed<MoneyTransfer>) {
    let ending = executed.events.iter().find_map(|event| {
        let outcome = outcome(&event.event_type)?;
        Some((outcome, event.recorded_at))
    });
    // A repeated command ended nothing.
    let (Some((outcome, at)), Some(created), false) = (ending, executed.state.created(), executed.replayed)
    else {
        return;
    };
    let took = (at - created.created_at).to_std().unwrap_or_default();
    histogram!("bank_transfer_duration_seconds", "outcome" => outcome).record(took.as_secs_f64());
}

/// How a transfer ended with an event of this type; `None` for those that end none.
fn outcome(event_type: &str) -> Option<&'static str> {
    match event_type {
        "CreditRecorded" => Some("completed"),
        "MoneyTransferFailed" => Some("failed"),
        "MoneyTransferCancelled" => Some("cancelled"),
        _ => None,
    }
}

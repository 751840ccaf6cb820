//! A test aid: named places where a test can make the process die, to prove that nothing is lost there.
//!
//! `BANK_FAULT=<name>` kills the process (SIGKILL) the first time it passes `point(<name>)`, `BANK_FAULT=<name>:<nth>`
//! the nth time. Without the variable, which is read once, a point is one comparison.

use std::env;
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// After a command's events were committed, before anybody was told.
pub const STORE_AFTER_APPEND: &str = "store.after_append";
/// After the broker confirmed a batch, before its outbox rows are deleted.
pub const RELAY_AFTER_PUBLISH: &str = "relay.after_publish";
/// After a batch was handled, before its offsets are stored.
pub const SUBSCRIPTION_AFTER_HANDLE: &str = "subscription.after_handle";

struct Fault {
    name: String,
    passes_left: AtomicU64,
}

static FAULT: OnceLock<Option<Fault>> = OnceLock::new();

/// Passes the place called `name`: does nothing, or ends the process at once as a crash would.
pub fn point(name: &str) {
    let Some(fault) = FAULT.get_or_init(|| env::var("BANK_FAULT").ok().map(|text| Fault::parse(&text)))
    else {
        return;
    };
    if fault.is_due(name) {
        tracing::error!(name, "BANK_FAULT ends the process here");
        // A real SIGKILL, at once: no other thread does anything after it, and nothing in this process can answer it.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        // Only where the operating system knows no such signal.
        process::abort();
    }
}

impl Fault {
    fn parse(text: &str) -> Self {
        let counted = text.rsplit_once(':').and_then(|(name, nth)| Some((name, nth.parse().ok()?)));
        let (name, nth) = counted.unwrap_or((text, 1));
        Self { name: name.to_owned(), passes_left: AtomicU64::new(nth) }
    }

    fn is_due(&self, name: &str) -> bool {
        // Wraps after the last pass, which is never seen: the process is gone by then.
        name == self.name && self.passes_left.fetch_sub(1, Ordering::Relaxed) == 1
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn only_the_named_pass_is_due() {
        let fault = Fault::parse("relay.after_publish:3");
        let passes: Vec<bool> = (0..4).map(|_| fault.is_due("relay.after_publish")).collect();
        assert_eq!(passes, [false, false, true, false]);
    }

    #[test]
    fn without_a_number_the_first_pass_is_due() {
        let fault = Fault::parse("subscription.after_handle");
        assert!(!fault.is_due("relay.after_publish"));
        assert!(fault.is_due("subscription.after_handle"));
    }
}

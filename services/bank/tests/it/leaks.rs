//! What no scenario may leave behind, whatever it does: a person's name, address or password, or a token, in a log line,
//! in an error or in an event.
//!
//! Every person of these suites carries the marks that are looked for. Errors are looked at as they arrive, the rest when
//! a scenario ends.

use std::io;
use std::sync::{Mutex, Once};

use bank::verify::Sources;
use event_store::EventStore;
use test_support::TestTokens;
use tracing_subscriber::filter::LevelFilter;

/// In every person's e-mail address.
pub(crate) const MAIL_DOMAIN: &str = "planted.example.org";

/// Behind every person's first name.
pub(crate) const SURNAME: &str = "of the Test";

/// Every person's.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// How a token begins: `{"alg"` in base64.
const TOKEN: &str = "eyJhbGci";

/// Which of the marks are in this text.
pub(crate) fn marks_in(text: &str) -> Vec<&'static str> {
    [MAIL_DOMAIN, SURNAME, PASSWORD, TOKEN].into_iter().filter(|mark| text.contains(mark)).collect()
}

/// # Panics
/// When there is one.
#[track_caller]
pub(crate) fn expect_none(place: &str, text: &str) {
    let marks = marks_in(text);
    assert!(marks.is_empty(), "{marks:?} in {place}: {text}");
}

/// Lines of this process's log with a mark in them.
static LEAKS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// From now on, everything that the banks in this process log is looked through.
pub(crate) fn watch_the_log() {
    static WATCHING: Once = Once::new();
    WATCHING.call_once(|| {
        let lines = tracing_subscriber::fmt().with_max_level(LevelFilter::DEBUG).with_ansi(false);
        lines.with_writer(|| Lines).init();
    });
}

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        if !marks_in(&text).is_empty() {
            LEAKS.lock().expect("no writer panics").push(text.into_owned());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// # Panics
/// When this process has logged one.
pub(crate) fn expect_none_logged() {
    let leaks = LEAKS.lock().expect("no writer panics");
    assert!(leaks.is_empty(), "{leaks:#?}");
}

/// # Panics
/// When an event holds one.
pub(crate) async fn expect_none_stored(sources: &Sources) {
    let stores: [(&dyn EventStore, &str); 3] = [
        (&*sources.accounts, "account"),
        (&*sources.transfers, "transfer"),
        (&*sources.customers, "customer"),
    ];
    for (store, aggregate_type) in stores {
        for event in store.read_all(aggregate_type).await.expect("the store can be read") {
            let text = serde_json::to_string(&event).expect("an event is JSON");
            expect_none("an event", &text);
        }
    }
}

#[test]
fn a_mark_is_found() {
    assert_eq!(marks_in("Ada of the Test wrote"), [SURNAME]);
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(marks_in(&TestTokens::in_folder(folder.path()).operator()), [TOKEN]);
    assert!(marks_in("an account was opened").is_empty());
}

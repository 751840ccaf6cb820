//! A test aid: named places where a test can make the process die, to prove that the next run finishes what it left.
//!
//! `BANK_FAULT=<name>` kills the process (SIGKILL) the first time it passes `point(<name>)`, as in the services.

/// A container was created, and not started.
pub(crate) const CREATED: &str = "deploy.created";
/// A container was started, and is not routed to.
pub(crate) const STARTED: &str = "deploy.started";
/// The proxy has a new configuration, and was not told.
pub(crate) const WRITTEN: &str = "deploy.written";
/// The proxy routes to the new one, the old one runs.
pub(crate) const SWITCHED: &str = "deploy.switched";
/// The old one was told to stop.
pub(crate) const DRAINING: &str = "deploy.draining";
/// The old one has stopped, what is no longer needed was not removed.
pub(crate) const DRAINED: &str = "deploy.drained";

/// Passes the place called `name`: does nothing, or ends the process at once as a crash would.
pub(crate) fn point(name: &str) {
    if std::env::var("BANK_FAULT").is_ok_and(|fault| fault == name) {
        // A real SIGKILL, at once: nothing in this process can answer it.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        // Only where the operating system knows no such signal.
        std::process::abort();
    }
}

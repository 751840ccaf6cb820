//! Spans that go on in another task, another process, or years later: the one place that knows how a span and a W3C
//! `traceparent` belong together.
//!
//! What makes such spans (the store, the bus, HTTP) uses `tracing` alone. Whoever exports them installs a
//! [`Propagation`]; as long as nobody has, every function here gives a disabled span or nothing, and costs one look at
//! an atomic.

use std::sync::OnceLock;

use tracing::Span;

/// The target of every span that is exported. Nothing else is: neither other spans nor lines of the log, which may hold
/// more than a collector should see.
pub const TARGET: &str = "bank::spans";

/// Joins spans across processes: what the exporter of spans knows and `tracing` does not.
pub trait Propagation: Send + Sync + 'static {
    /// Makes `span`, which was neither entered nor asked for its context yet, a child of the span that `traceparent`
    /// names. A text that names none changes nothing.
    fn continue_from(&self, span: &Span, traceparent: &str);

    /// The `traceparent` of `span`; `None` when it is disabled.
    fn traceparent(&self, span: &Span) -> Option<String>;
}

static PROPAGATION: OnceLock<Box<dyn Propagation>> = OnceLock::new();

/// From now on spans are made. Only the first call in a process has an effect; it says whether this was it.
pub fn install(propagation: impl Propagation) -> bool {
    PROPAGATION.set(Box::new(propagation)).is_ok()
}

/// Whether spans are made at all.
#[must_use]
pub fn is_on() -> bool {
    PROPAGATION.get().is_some()
}

/// The span that `make` gives, as a child of the span that `traceparent` names. A disabled one when spans are off, when
/// there is no parent, or when the parent was left out by sampling.
pub fn continued(traceparent: Option<&str>, make: impl FnOnce() -> Span) -> Span {
    match (PROPAGATION.get(), traceparent) {
        (Some(propagation), Some(parent)) if is_sampled(parent) => {
            let span = make();
            propagation.continue_from(&span, parent);
            span
        }
        _ => Span::none(),
    }
}

/// The span that `make` gives, as a child of the span that `traceparent` names, or else as the root of a trace. A
/// disabled one when spans are off.
pub fn begun(traceparent: Option<&str>, make: impl FnOnce() -> Span) -> Span {
    let Some(propagation) = PROPAGATION.get() else {
        return Span::none();
    };
    let span = make();
    if let Some(parent) = traceparent {
        propagation.continue_from(&span, parent);
    }
    span
}

/// The `traceparent` that whoever goes on from `span` continues from; `None` when it is disabled.
#[must_use]
pub fn traceparent(span: &Span) -> Option<String> {
    let propagation = PROPAGATION.get()?;
    if span.is_disabled() { None } else { propagation.traceparent(span) }
}

/// The `traceparent` of the span that this task is in.
#[must_use]
pub fn current() -> Option<String> {
    let propagation = PROPAGATION.get()?;
    propagation.traceparent(&Span::current())
}

/// The flag behind the last dash: whether whoever began the trace wants it recorded.
fn is_sampled(traceparent: &str) -> bool {
    let flags = traceparent.split('-').nth(3).and_then(|flags| u8::from_str_radix(flags, 16).ok());
    flags.is_some_and(|flags| flags & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_made_while_nobody_exports() {
        let never = || panic!("a span was made");
        let sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(continued(Some(sampled), never).is_disabled());
        assert!(begun(None, never).is_disabled());
        assert_eq!(current(), None);
        assert!(!is_on());
    }

    #[test]
    fn the_flag_says_whether_a_trace_is_recorded() {
        let with = |flags: &str| format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}");
        for (flags, sampled) in [("01", true), ("00", false), ("03", true), ("02", false), ("", false)] {
            assert_eq!(is_sampled(&with(flags)), sampled, "{flags}");
        }
        assert!(!is_sampled("nothing"));
    }
}

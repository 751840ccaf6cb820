//! The spans of a write: one for each command in it that is part of a trace, because many callers' commands are written
//! together and each trace shows its own.

use tracing::{Span, field, trace_span};

use crate::error::StoreError;
use crate::store::{Appended, Commit};

/// A write under way, in the traces that it is part of.
pub(crate) struct Writing(Vec<Span>);

impl Writing {
    /// Begins before `commits` are written to a database of this kind. What they append goes on from these spans: whoever
    /// reads the events continues the trace from their write.
    pub(crate) fn begin(system: &'static str, commits: &mut [Commit]) -> Self {
        if !trace_context::is_on() {
            return Self(Vec::new());
        }
        let together = commits.len();
        Self(commits.iter_mut().map(|commit| begin_one(system, together, commit)).collect())
    }

    /// Ends after the write of a lane's batch, with what came of it.
    pub(crate) fn end_all(self, outcome: &Result<Appended, StoreError>) {
        match outcome {
            Ok(Appended::Written(_)) => {}
            Ok(Appended::Refused(_)) => self.fail("conflict"),
            Err(failure) => self.end(Some(failure)),
        }
    }

    /// Ends after the write, with why it failed.
    pub(crate) fn end(self, failure: Option<&StoreError>) {
        match failure {
            None => {}
            Some(StoreError::Conflict(_) | StoreError::DuplicateCommand(_)) => self.fail("conflict"),
            Some(StoreError::Unavailable(_)) => self.fail("unavailable"),
            Some(_) => self.fail("failed"),
        }
    }

    fn fail(self, kind: &'static str) {
        for span in self.0 {
            span.record("error.type", kind);
            span.record("otel.status_code", "ERROR");
        }
    }
}

fn begin_one(system: &'static str, together: usize, commit: &mut Commit) -> Span {
    let span = trace_context::continued(commit.metadata.traceparent.as_deref(), || {
        let stream = &commit.command.stream;
        let types: Vec<&str> = commit.events.iter().map(|event| event.body.event_type.as_str()).collect();
        trace_span!(
            target: trace_context::TARGET,
            "append",
            otel.name = format!("append {}", stream.aggregate_type),
            otel.kind = "client",
            otel.status_code = field::Empty,
            error.type = field::Empty,
            db.system.name = system,
            db.operation.name = "append",
            db.collection.name = stream.aggregate_type,
            db.operation.batch.size = together,
            bank.aggregate.type = stream.aggregate_type,
            bank.aggregate.id = %stream.aggregate_id,
            bank.event.types = types.join(" "),
        )
    });
    if let Some(traceparent) = trace_context::traceparent(&span) {
        commit.metadata.traceparent = Some(traceparent);
    }
    span
}

//! Where in a body the mistake is, as a JSON pointer.

use serde_path_to_error::{Error, Segment};

use crate::http::Problem;

/// The problem for a body that is JSON but not of the expected type.
pub(super) fn explain(error: &Error<serde_json::Error>) -> Problem {
    let text = error.inner().to_string();
    // The position in the text adds nothing to the pointer.
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    let mut steps: Vec<String> = error.path().iter().filter_map(step).collect();
    // Serde reports a field that is missing, unknown or repeated on the object around it.
    if let Some(field) = named_field(reason)
        && steps.last().map(String::as_str) != Some(field)
    {
        steps.push(field.to_owned());
    }
    let pointer: String = steps.iter().map(|step| format!("/{}", escape(step))).collect();
    Problem::invalid_body(pointer, reason)
}

fn step(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

fn named_field(reason: &str) -> Option<&str> {
    let rest = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .find_map(|start| reason.strip_prefix(start))?;
    rest.split('`').next()
}

/// RFC 6901, section 3.
fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

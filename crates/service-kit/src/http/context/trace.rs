//! W3C Trace Context, as far as passing it on takes.

use axum::http::HeaderMap;
use uuid::Uuid;

/// A `traceparent` for this request, and the `tracestate` to go with it.
pub(super) fn continue_from(headers: &HeaderMap) -> (String, Option<String>) {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("traceparent").and_then(parent) {
        Some((trace_id, flags)) => {
            (format!("00-{trace_id}-{}-{flags}", span_id()), text("tracestate").map(str::to_owned))
        }
        None => (format!("00-{}-{}-00", Uuid::now_v7().simple(), span_id()), None),
    }
}

/// The caller's `traceparent`, if it is a valid one.
pub(crate) fn valid_parent(headers: &HeaderMap) -> Option<&str> {
    headers.get("traceparent")?.to_str().ok().filter(|text| parent(text).is_some()).map(str::trim)
}

/// Trace id and flags of a valid `traceparent`. A later version may carry more behind them.
fn parent(text: &str) -> Option<(&str, &str)> {
    let mut fields = text.trim().split('-');
    let (version, trace_id, span_id, flags) =
        (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let is_hex = |field: &str, length: usize| {
        field.len() == length && field.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_set = |field: &str| field.bytes().any(|byte| byte != b'0');
    let version_is_valid =
        is_hex(version, 2) && version != "ff" && (version != "00" || fields.next().is_none());
    let ids_are_valid = is_hex(trace_id, 32) && is_set(trace_id) && is_hex(span_id, 16) && is_set(span_id);
    (version_is_valid && ids_are_valid && is_hex(flags, 2)).then_some((trace_id, flags))
}

/// Eight bytes that are never all zero: the random half of a UUID, with its variant bits.
fn span_id() -> String {
    Uuid::now_v7().simple().to_string().split_off(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn continued(text: &'static str) -> (String, Option<String>) {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", text.parse().unwrap());
        headers.insert("tracestate", "a=1".parse().unwrap());
        continue_from(&headers)
    }

    #[test]
    fn a_valid_parent_gets_a_child() {
        let (child, state) = continued(VALID);
        assert_eq!(parent(&child), Some(("0af7651916cd43dd8448eb211c80319c", "01")));
        assert_ne!(child, VALID);
        assert_eq!(state.as_deref(), Some("a=1"));
    }

    #[test]
    fn anything_else_starts_a_trace() {
        for text in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        ] {
            let (traceparent, state) = continued(text);
            assert!(parent(&traceparent).is_some(), "{traceparent}");
            assert!(!traceparent.contains("0af7651916cd43dd8448eb211c80319c"), "{text}");
            assert_eq!(state, None);
        }
    }
}

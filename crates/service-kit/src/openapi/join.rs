//! The documents of several services as one: that of the whole bank, whoever serves it.
//!
//! A document is JSON here. The gateway passes on what the services say about themselves and understands no more of it
//! than where operations and components lie.

use serde_json::{Map, Value, json};
use thiserror::Error;

/// Why documents are not one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JoinError {
    /// Two documents mean different things by one name.
    #[error("two services say different things about {0}")]
    Differs(String),
    /// Something that every document has is missing.
    #[error("a service's document has no {0}")]
    Missing(&'static str),
}

/// One document of many: the bank's.
///
/// # Errors
/// When one of them is no OpenAPI document, or two of them use one name for different things.
pub fn join(documents: impl IntoIterator<Item = Value>) -> Result<Value, JoinError> {
    let (mut paths, mut components, mut tags) = (Map::new(), Map::new(), Vec::new());
    for mut document in documents {
        for (path, operations) in members(document["paths"].take(), "paths")? {
            merge(&mut paths, &path, operations)?;
        }
        for (kind, named) in members(document["components"].take(), "components")? {
            merge(&mut components, &kind, named)?;
        }
        if let Value::Array(of_this) = document["tags"].take() {
            tags.extend(of_this);
        }
    }
    Ok(sorted(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "bank",
            // The services have the workspace's version, as this crate has.
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": tags,
        "paths": paths,
        "components": components,
    })))
}

const ABOUT: &str = "Every refusal is a problem (RFC 9457) with a stable `code`. Amounts are whole minor units of their \
currency. A command may be repeated under its `Idempotency-Key`; its answer says at which version (`ETag`) the views \
show it. A route that is not listed is `route-not-found` (404), another method on one that is listed \
`method-not-allowed` (405, with `Allow`). Behind a gateway any operation may also find its service away: 502, 503 \
(`upstream-unavailable`) or 504.";

fn members(value: Value, name: &'static str) -> Result<Map<String, Value>, JoinError> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(JoinError::Missing(name)),
    }
}

/// Puts the members of `value` beside those that `into` has under `name`.
fn merge(into: &mut Map<String, Value>, name: &str, value: Value) -> Result<(), JoinError> {
    let known = into.entry(name).or_insert_with(|| Value::Object(Map::new()));
    let (Some(known), Value::Object(members)) = (known.as_object_mut(), value) else {
        return Err(JoinError::Differs(name.to_owned()));
    };
    for (member, said) in members {
        match known.get(&member) {
            Some(before) if *before != said => return Err(JoinError::Differs(format!("{member} in {name}"))),
            _ => known.insert(member, said),
        };
    }
    Ok(())
}

/// Members by name, whatever order this build's maps have: the text of a document is compared and kept.
#[must_use]
pub fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> = members.into_iter().collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            members.into_iter().map(|(name, value)| (name, sorted(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(path: &str, method: &str, schema: &str) -> Value {
        json!({
            "paths": {path: {method: {"responses": {}}}},
            "components": {"schemas": {"Reply": {"type": schema}}},
        })
    }

    #[test]
    fn two_services_share_a_path_and_a_component() {
        let documents = [document("/v1/a", "get", "object"), document("/v1/a", "post", "object")];
        let joined = join(documents).unwrap();
        let operations: Vec<&String> = joined["paths"]["/v1/a"].as_object().unwrap().keys().collect();
        assert_eq!(operations, ["get", "post"]);
        assert_eq!(joined["components"]["schemas"]["Reply"]["type"], "object");
    }

    #[test]
    fn one_name_for_two_things_is_refused() {
        let documents = [document("/v1/a", "get", "object"), document("/v1/b", "get", "string")];
        assert_eq!(join(documents).unwrap_err(), JoinError::Differs("Reply in schemas".to_owned()));
        assert_eq!(join([json!({})]).unwrap_err(), JoinError::Missing("paths"));
    }
}

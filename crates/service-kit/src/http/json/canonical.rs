//! One form for every way to write the same JSON document.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// SHA-256 over the document written without spaces and with its keys sorted.
#[must_use]
pub fn canonical_hash(document: &Value) -> [u8; 32] {
    let mut text = String::new();
    write(document, &mut text);
    Sha256::digest(text).into()
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            // The map's own order is that of the sender when another crate asks serde_json to keep it.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (key, value) in members {
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write(item, text);
                text.push(',');
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(text: &str) -> [u8; 32] {
        canonical_hash(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn spacing_and_order_do_not_matter() {
        assert_eq!(
            hash(r#"{"a":1,"b":[1,{"d":2,"c":3}]}"#),
            hash(r#" { "b":[1, {"c":3, "d":2}], "a" : 1 } "#)
        );
        assert_eq!(hash(r#"{"a":"\u00e9"}"#), hash(r#"{"a":"é"}"#));
    }

    #[test]
    fn everything_else_does() {
        let documents = [
            "{}",
            "[]",
            "null",
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":null}"#,
            r#"{"a":[1]}"#,
            r#"{"a":[[1]]}"#,
            r#"{"b":1}"#,
            r#"{"a":1,"b":1}"#,
            r#"{"a":"1,b:1"}"#,
            "[1,2]",
            "[2,1]",
            "[12]",
        ];
        let mut hashes: Vec<_> = documents.iter().map(|text| hash(text)).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), documents.len());
    }
}

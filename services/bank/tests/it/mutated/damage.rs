//! A body that was good, damaged.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// The body after one to three kinds of damage.
pub(super) fn damaged(rng: &mut Rng, good: &Value) -> Vec<u8> {
    let mut body = good.clone();
    for _ in 0..rng.usize(0..3) {
        change_a_member(rng, &mut body);
    }
    let mut text = body.to_string().into_bytes();
    match rng.u8(0..8) {
        0 => text.truncate(rng.usize(..text.len())),
        1 => flip_bits(rng, &mut text),
        2 => insert_noise(rng, &mut text),
        3 => say_a_member_twice(rng, good, &mut text),
        4 => text = (0..rng.usize(0..200)).map(|_| rng.u8(..)).collect(),
        5 => text = nested(rng),
        _ => {}
    }
    text
}

/// Another value, none at all, or one under a name that nobody knows.
fn change_a_member(rng: &mut Rng, body: &mut Value) {
    let Value::Object(members) = body else { return };
    let names: Vec<String> = members.keys().cloned().collect();
    let Some(name) = rng.choice(names) else { return };
    match rng.u8(0..6) {
        0 => drop(members.remove(&name)),
        1 => drop(members.insert(unknown_name(rng), odd_value(rng))),
        2 => {
            let value = members.remove(&name).unwrap_or_default();
            members.insert(name.to_uppercase(), value);
        }
        _ => drop(members.insert(name, odd_value(rng))),
    }
}

fn unknown_name(rng: &mut Rng) -> String {
    let names =
        ["", "id", "version", "__proto__", "balance", "\u{0}", "customerId", "deadline", "actor", "é"];
    names[rng.usize(..names.len())].to_owned()
}

fn odd_value(rng: &mut Rng) -> Value {
    match rng.u8(0..24) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(1.5),
        5 => json!(i64::MAX),
        6 => json!(u64::MAX),
        7 => json!(1e308),
        8 => json!(9_007_199_254_740_993_i64),
        9 => json!(""),
        10 => json!(" "),
        11 => json!("\u{0}"),
        12 => json!("a\u{0}b"),
        13 => json!("\u{202e}\u{feff}\u{d7ff}"),
        14 => json!("x".repeat(rng.usize(0..5000))),
        15 => json!([]),
        16 => json!({}),
        17 => json!([[[[[[[[1]]]]]]]]),
        18 => json!("USD"),
        19 => json!("usd"),
        20 => json!("00000000-0000-0000-0000-000000000000"),
        21 => json!("'; DROP TABLE events; --"),
        22 => Value::Object(Map::from_iter([("$gt".to_owned(), json!(""))])),
        _ => json!(rng.i64(..)),
    }
}

fn flip_bits(rng: &mut Rng, text: &mut [u8]) {
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(..text.len());
        text[at] ^= 1 << rng.u8(0..8);
    }
}

fn insert_noise(rng: &mut Rng, text: &mut Vec<u8>) {
    let at = rng.usize(..=text.len());
    let noise: [&[u8]; 8] = [b"\xff\xfe", b"\0", b"\\ud800", b"1e999", b"//", b"\xef\xbb\xbf", b"NaN", b"-"];
    let noise = noise[rng.usize(..noise.len())];
    text.splice(at..at, noise.iter().copied());
}

/// RFC 8259 leaves open which of two members of one name counts; here neither does.
fn say_a_member_twice(rng: &mut Rng, good: &Value, text: &mut Vec<u8>) {
    let names: Vec<&String> = good.as_object().into_iter().flat_map(Map::keys).collect();
    if let (Some(name), Some(b'}')) = (rng.choice(names), text.last()) {
        text.pop();
        text.extend(format!(",{}:{}}}", json!(name), odd_value(rng)).bytes());
    }
}

/// Shorter than the longest body that is read: that limit has a test of its own.
fn nested(rng: &mut Rng) -> Vec<u8> {
    let depth = rng.usize(1..8_000);
    let (open, close) = if rng.bool() { ("[", "]") } else { ("{\"a\":", "}") };
    format!("{}1{}", open.repeat(depth), close.repeat(depth)).into_bytes()
}

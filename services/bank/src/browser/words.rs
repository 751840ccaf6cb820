//! An event in a few words. They are made of its fields, so that an event type of tomorrow can be read as well.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::Aggregate;
use domain::customer::Customer;
use domain::money::{Currency, Money};
use event_store::RecordedEvent;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Numbers in events that are minor units of the currency beside them.
const AMOUNTS: [&str; 4] = ["amount", "balance", "limit", "total"];
/// What customers' events have only sealed.
const SEALED: [&str; 2] = ["name", "profile"];
/// Texts that people wrote.
const TEXTS: [&str; 3] = ["memo", "reason", "title"];
/// Objects whose fields are told as if they were the event's own.
const FLATTENED: [&str; 3] = ["transfer", "reversal", "order"];

/// `minor_units` as people write them: `30.00 EUR`.
pub(super) fn amount(minor_units: i128, currency: Currency) -> String {
    format!("{} {currency}", currency.decimal(minor_units))
}

pub(super) fn money(money: Money) -> String {
    amount(money.amount.minor_units().into(), money.currency)
}

pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The last digits of an id: the first ones of two ids that were made together are the same.
pub(super) fn short(id: Uuid) -> String {
    let text = id.simple().to_string();
    format!("…{}", &text[text.len() - 8..])
}

/// How long, in the unit that fits.
pub(super) fn pause(pause: TimeDelta) -> String {
    let milliseconds = pause.num_milliseconds();
    match milliseconds {
        ..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        60_000..7_200_000 => format!("{} min", milliseconds / 60_000),
        7_200_000..172_800_000 => format!("{} h", milliseconds / 3_600_000),
        _ => format!("{} days", milliseconds / 86_400_000),
    }
}

/// One line: version, time, type, what changed, what caused it, on whose behalf.
pub(super) fn line(event: &RecordedEvent, currency: Option<Currency>) -> String {
    let metadata = &event.metadata;
    let id = |id: Option<Uuid>| id.map_or_else(|| "-".to_owned(), short);
    format!(
        "{:>4}  {}  {}  {}  [{} cause {} request {} by {}]",
        event.version.0,
        time(event.recorded_at),
        event.event_type,
        changes(event, currency),
        short(event.event_id),
        id(metadata.causation_id),
        id(metadata.correlation_id),
        metadata.actor.as_deref().unwrap_or("the bank"),
    )
}

/// The currency that an event names, if it does.
pub(super) fn currency_of(event: &RecordedEvent) -> Option<Currency> {
    event.payload.to_value().ok().as_ref().and_then(Value::as_object).and_then(named_currency)
}

/// What an event changed.
pub(super) fn changes(event: &RecordedEvent, currency: Option<Currency>) -> String {
    let Ok(Value::Object(payload)) = event.payload.to_value() else {
        return String::new();
    };
    let currency = named_currency(&payload).or(currency);
    let telling = Telling { currency, sealed: event.stream.aggregate_type == Customer::TYPE };
    let mut words = Vec::new();
    telling.fields(&payload, &mut words);
    words.join(", ")
}

fn named_currency(payload: &Map<String, Value>) -> Option<Currency> {
    let own = payload.get("currency").or_else(|| payload.get("money")?.get("currency"));
    let within = || FLATTENED.iter().find_map(|part| payload.get(*part)?.get("money")?.get("currency"));
    own.or_else(within)?.as_str()?.parse().ok()
}

struct Telling {
    currency: Option<Currency>,
    sealed: bool,
}

impl Telling {
    /// What is moved first, and when it was decided not at all: the time is told beside it.
    fn fields(&self, fields: &Map<String, Value>, words: &mut Vec<String>) {
        for part in FLATTENED {
            if let Some(Value::Object(inner)) = fields.get(part) {
                self.fields(inner, words);
            }
        }
        let rank = |key: &str| if key == "money" { 0 } else { 1 };
        let mut keys: Vec<&String> = fields.keys().collect();
        keys.sort_by(|one, other| rank(one).cmp(&rank(other)).then_with(|| one.cmp(other)));
        for key in keys {
            if !FLATTENED.contains(&key.as_str()) && key != "at" && key != "currency" {
                words.extend(self.field(key, &fields[key]));
            }
        }
    }

    fn field(&self, key: &str, value: &Value) -> Option<String> {
        let name = spaced(key);
        if self.sealed && SEALED.contains(&key) {
            return Some(format!("{name} (sealed)"));
        }
        match (value, self.currency) {
            (Value::Null, _) => Some(format!("no {name}")),
            (Value::Bool(set), _) => set.then_some(name),
            (Value::Number(number), Some(currency)) if AMOUNTS.contains(&key) => {
                number.as_i64().map(|units| format!("{name} {}", amount(units.into(), currency)))
            }
            (Value::String(text), _) if TEXTS.contains(&key) => Some(format!("{name} \"{text}\"")),
            (Value::String(text), _) => {
                Some(format!("{name} {}", text.parse().map_or_else(|_| text.clone(), short)))
            }
            (Value::Array(items), _) => Some(format!("{} {name}", items.len())),
            (Value::Object(inner), _) => Some(self.object(key, &name, inner)),
            (other, _) => Some(format!("{name} {other}")),
        }
    }

    fn object(&self, key: &str, name: &str, inner: &Map<String, Value>) -> String {
        match (key, inner.get("amount").and_then(Value::as_i64), self.currency) {
            ("money", Some(units), Some(currency)) => amount(units.into(), currency),
            _ => {
                let mut words = Vec::new();
                self.fields(inner, &mut words);
                format!("{name} ({})", words.join(", "))
            }
        }
    }
}

/// `fromAccountId` as `from account`.
fn spaced(key: &str) -> String {
    let key = key.strip_suffix("Id").unwrap_or(key);
    let mut text = String::new();
    for character in key.chars() {
        if character.is_ascii_uppercase() {
            text.push(' ');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests;

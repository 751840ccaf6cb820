//! Which types of events a webhook is for.

use domain::DomainEvent;
use domain::account::AccountEvent;
use domain::customer::CustomerEvent;
use domain::transfer::TransferEvent;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// All of them.
const ALL: &str = "*";

/// The names of event types, each once, or `*` alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(crate) struct EventFilter(Vec<String>);

/// The list is no filter; it says what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum NoFilter {
    #[error("name event types, or `*` alone for all of them")]
    Empty,
    #[error("`{0}` is no type of event")]
    Unknown(String),
    #[error("`{0}` is named twice")]
    Twice(String),
}

impl EventFilter {
    /// Whether it lets events of this type through.
    pub(crate) fn takes(&self, event_type: &str) -> bool {
        self.0.iter().any(|name| name == ALL || name == event_type)
    }
}

impl Default for EventFilter {
    fn default() -> Self {
        Self(vec![ALL.to_owned()])
    }
}

impl TryFrom<Vec<String>> for EventFilter {
    type Error = NoFilter;

    fn try_from(names: Vec<String>) -> Result<Self, NoFilter> {
        if names.is_empty() || names.len() > 1 && names.iter().any(|name| name == ALL) {
            return Err(NoFilter::Empty);
        }
        for (at, name) in names.iter().enumerate() {
            if name != ALL && !known().any(|known| known == name) {
                // What is shown of it has an end.
                return Err(NoFilter::Unknown(name.chars().take(64).collect()));
            }
            if names[..at].contains(name) {
                return Err(NoFilter::Twice(name.clone()));
            }
        }
        Ok(Self(names))
    }
}

/// Every type of event that a webhook can be sent.
pub(crate) fn known() -> impl Iterator<Item = &'static str> {
    let types = [AccountEvent::TYPES, TransferEvent::TYPES, CustomerEvent::TYPES];
    types.into_iter().flatten().map(|event_type| event_type.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(names: &[&str]) -> Result<EventFilter, NoFilter> {
        names.iter().map(ToString::to_string).collect::<Vec<_>>().try_into()
    }

    #[test]
    fn a_filter_takes_what_it_names() {
        let some = filter(&["AccountCredited", "CreditRecorded"]).unwrap();
        assert!(some.takes("AccountCredited") && !some.takes("AccountDebited"));
        assert!(EventFilter::default().takes("AccountDebited"));
        assert_eq!(filter(&["*"]).unwrap(), EventFilter::default());
    }

    #[test]
    fn a_name_that_is_none_is_told() {
        for wrong in [&[] as &[&str], &["*", "AccountCredited"], &["*", "*"]] {
            assert_eq!(filter(wrong), Err(NoFilter::Empty), "{wrong:?}");
        }
        assert_eq!(filter(&["accountCredited"]), Err(NoFilter::Unknown("accountCredited".to_owned())));
        assert!(matches!(filter(&["AccountOpened", "AccountOpened"]), Err(NoFilter::Twice(_))));
    }
}

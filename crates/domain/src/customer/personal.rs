//! What is known about a person: in clear for as long as a request lasts, sealed in events.
//!
//! Invariant: the `Debug` text of these types shows nothing of what they hold, so that no log line and no failed
//! assertion does.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The text breaks the rule of its type; the message says what would be right, and repeats nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidPersonalData(&'static str);

macro_rules! personal {
    ($(#[$about:meta])* $name:ident, $parse:ident) => {
        $(#[$about])*
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidPersonalData;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                $parse(text).map(Self)
            }
        }

        impl FromStr for $name {
            type Err = InvalidPersonalData;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::try_from(text.to_owned())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

personal! {
    /// Where somebody is reached, as it was written. Two addresses that differ only in capital letters are one:
    /// [`EmailAddress::folded`].
    EmailAddress, email
}

personal! {
    /// What somebody is called, or calls somebody.
    PersonName, person_name
}

personal! {
    /// A text that only the customer's own key opens: the unpadded base64url of a nonce and what was encrypted. The domain
    /// looks no deeper.
    Sealed, sealed
}

impl EmailAddress {
    /// The address in small letters: what it is looked up by.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// The addresses that HTML forms take (WHATWG HTML, 4.10.5.1.5), within the lengths of RFC 5321, 4.5.3.1: whether it is
/// somebody's only a message to it can tell.
fn email(text: String) -> Result<String, InvalidPersonalData> {
    const RULE: InvalidPersonalData =
        InvalidPersonalData("an e-mail address is NAME@DOMAIN in ASCII, with at most 64 and 254 characters");
    let (local, domain) = text.rsplit_once('@').ok_or(RULE)?;
    let local_character = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let fits = text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.chars().all(local_character)
        && domain.split('.').all(is_label);
    if fits { Ok(text) } else { Err(RULE) }
}

fn person_name(text: String) -> Result<String, InvalidPersonalData> {
    let length = text.chars().count();
    let fits = (1..=100).contains(&length) && !text.chars().any(char::is_control) && text.trim() == text;
    let rule = "a name has 1 to 100 characters, no control character and no space at either end";
    if fits { Ok(text) } else { Err(InvalidPersonalData(rule)) }
}

fn sealed(text: String) -> Result<String, InvalidPersonalData> {
    let is_base64url = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let fits = (1..=4096).contains(&text.len()) && text.chars().all(is_base64url);
    if fits {
        Ok(text)
    } else {
        Err(InvalidPersonalData("a sealed text has 1 to 4096 characters of base64url"))
    }
}

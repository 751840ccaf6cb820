//! A word that only services know.

use std::fmt;

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// A secret in settings: never shown or logged.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for whoever sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether none was set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `given` is this secret; an empty one is nobody's.
    #[must_use]
    pub fn is(&self, given: &str) -> bool {
        // Of hashes, so that the time says nothing about how much was right.
        !self.is_empty() && Sha256::digest(&self.0) == Sha256::digest(given)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "none" } else { "***" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_knows_an_empty_secret() {
        assert!(!Secret::default().is(""));
        assert!(Secret::from("open sesame").is("open sesame"));
        assert!(!Secret::from("open sesame").is("open"));
    }

    #[test]
    fn it_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::from("open sesame")), "***");
    }
}

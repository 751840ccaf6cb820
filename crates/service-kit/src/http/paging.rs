//! Lists in pages: an opaque cursor and a limit.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Problem;

/// Where a list goes on. Clients pass it back as it is; what is inside is the service's own affair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor that carries `position`.
    ///
    /// # Errors
    /// When `position` cannot be written as JSON.
    pub fn encode(position: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::to_vec(position).map(|json| Self(URL_SAFE_NO_PAD.encode(json)))
    }

    /// The position inside.
    ///
    /// # Errors
    /// `invalid-cursor` when it is none that [`Cursor::encode`] made from a `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let json = URL_SAFE_NO_PAD.decode(&self.0).map_err(|_| Problem::invalid_cursor())?;
        serde_json::from_slice(&json).map_err(|_| Problem::invalid_cursor())
    }
}

/// How many items a page has at most: 1 to 200, 50 when not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct Limit(u32);

impl Limit {
    /// The most that one page may have.
    pub const MAX: u32 = 200;

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u32> for Limit {
    type Error = String;

    fn try_from(limit: u32) -> Result<Self, String> {
        if (1..=Self::MAX).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err(format!("a limit is a number from 1 to {}", Self::MAX))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_gives_back_what_it_carries() {
        let cursor = Cursor::encode(&("2026-01-01T00:00:00Z", 7)).unwrap();
        assert_eq!(cursor.decode::<(String, i64)>().unwrap(), ("2026-01-01T00:00:00Z".to_owned(), 7));
        for broken in [
            String::new(),
            " ".to_owned(),
            "!".to_owned(),
            cursor.0[1..].to_owned(),
            format!("{}A", cursor.0),
        ] {
            let problem = Cursor(broken).decode::<(String, i64)>().unwrap_err();
            assert_eq!(problem.code(), "invalid-cursor");
        }
        assert!(cursor.decode::<u8>().is_err());
    }
}

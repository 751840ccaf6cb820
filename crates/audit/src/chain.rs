//! How entries hang together.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

/// What stands for everything up to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the first entry is chained to.
    pub const NONE: Self = Self([0; 32]);

    /// The hash of the entry `sequence` with this text, after `self`. All parts but the last have a fixed length, so
    /// none can run into the next.
    #[must_use]
    pub(crate) fn then(self, sequence: i64, text: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(sequence.to_be_bytes());
        hash.update(text.as_bytes());
        Self(hash.finalize().into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Hash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a hash is 64 hexadecimal digits".to_owned();
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_depends_on_everything_before_it() {
        let first = Hash::NONE.then(1, "a");
        // Logs that exist depend on this value: it must never change.
        assert_eq!(first.to_string(), "00f87f5348b32d1caf5e59cbfadc31d568b7b2d04679e0d52b5aad8c5d4dfeed");
        assert_ne!(first, Hash::NONE.then(2, "a"));
        assert_ne!(first, Hash::NONE.then(1, "b"));
        assert_ne!(first.then(2, "b"), Hash::NONE.then(2, "b"));
        assert_eq!(first.to_string().parse(), Ok(first));
        assert!("1b".parse::<Hash>().is_err() && "é".repeat(32).parse::<Hash>().is_err());
    }
}

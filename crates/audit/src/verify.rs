//! Recomputing the chain.

use std::fmt;

use crate::chain::Hash;
use crate::log::{AuditError, AuditLog};

/// How many entries are read at once.
const PAGE: i64 = 10_000;

/// What a verification came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many entries hang together, from the first one on.
    pub entries: i64,
    /// The hash of the last of them: note it elsewhere.
    pub head: Hash,
    /// Where the chain breaks.
    pub fault: Option<Fault>,
}

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// An entry is missing before the one of this sequence, or there is one too many.
    Gap(i64),
    /// The entry of this sequence was changed, or one before it was.
    Changed(i64),
    /// The head says another end than the entries: the last ones were removed.
    Cut,
    /// The hash that was noted elsewhere is no entry's: the log was rewritten, or its end is gone.
    NotedHeadMissing,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap(sequence) => write!(f, "before entry {sequence} one is missing or too many"),
            Self::Changed(sequence) => write!(f, "entry {sequence} is not what was written"),
            Self::Cut => f.write_str("the last entries are missing"),
            Self::NotedHeadMissing => {
                f.write_str("the hash that was noted is no entry's: the log was rewritten or cut")
            }
        }
    }
}

impl AuditLog {
    /// Recomputes every hash; `noted` is a head of an earlier time, which must be among them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn verify(&self, noted: Option<Hash>) -> Result<Verified, AuditError> {
        // Before the entries: what is appended meanwhile is not missing.
        let (end, end_hash) = self.head().await?;
        let mut seen = Chain { entries: 0, head: Hash::NONE, noted_seen: noted.is_none() };
        let mut hash_at_end = Hash::NONE;
        loop {
            let rows = self.rows(seen.entries, PAGE).await?;
            if rows.is_empty() {
                break;
            }
            for (sequence, text, hash) in rows {
                if let Some(fault) = seen.next(sequence, &text, &hash, noted) {
                    return Ok(seen.verified(Some(fault)));
                }
                if sequence == end {
                    hash_at_end = seen.head;
                }
            }
        }
        let fault = if hash_at_end != end_hash {
            Some(Fault::Cut)
        } else {
            (!seen.noted_seen).then_some(Fault::NotedHeadMissing)
        };
        Ok(seen.verified(fault))
    }
}

struct Chain {
    entries: i64,
    head: Hash,
    noted_seen: bool,
}

impl Chain {
    fn next(&mut self, sequence: i64, text: &str, hash: &str, noted: Option<Hash>) -> Option<Fault> {
        if sequence != self.entries + 1 {
            return Some(Fault::Gap(sequence));
        }
        let expected = self.head.then(sequence, text);
        if hash.parse() != Ok(expected) {
            return Some(Fault::Changed(sequence));
        }
        (self.entries, self.head) = (sequence, expected);
        self.noted_seen |= noted == Some(expected);
        None
    }

    fn verified(&self, fault: Option<Fault>) -> Verified {
        Verified { entries: self.entries, head: self.head, fault }
    }
}

//! What is noted of a test of an image: `docker/publish.sh` asks for it by the image's id.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::DeployError;

/// What became of an image in a test.
pub trait Tested: Clone + Serialize {
    /// `sha256:…`, by which publishing knows the image.
    fn id(&self) -> &str;
}

/// The last test of one image. A test that fails takes the place of an earlier one that passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record<O> {
    /// When it ended.
    pub tested_at: DateTime<Utc>,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: O,
}

impl<O: Tested> Record<O> {
    /// Of what has just been found.
    #[must_use]
    pub fn of(outcome: &O) -> Self {
        Self { tested_at: Utc::now(), outcome: outcome.clone() }
    }

    /// The last one in `folder` of the image with this id; none when there is none that can be read.
    #[must_use]
    pub fn read(folder: &Path, id: &str) -> Option<Self>
    where
        O: DeserializeOwned,
    {
        let text =
            fs::read_to_string(folder.join(format!("{}.json", id.trim_start_matches("sha256:")))).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Writes it into `folder`, whole or not at all.
    ///
    /// # Errors
    /// [`DeployError::File`] when it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, DeployError> {
        let id = self.outcome.id().trim_start_matches("sha256:");
        let path = folder.join(format!("{id}.json"));
        let failed = |error: std::io::Error| DeployError::file(&path, error);
        let text = serde_json::to_string(self).map_err(DeployError::here)?;
        fs::create_dir_all(folder).map_err(failed)?;
        let beside = folder.join(format!(".{id}.json"));
        fs::write(&beside, text + "\n").and_then(|()| fs::rename(&beside, &path)).map_err(failed)?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoke::Outcome;

    fn outcome(passed: bool) -> Outcome {
        Outcome {
            image: "bank/accounts:1".to_owned(),
            id: "sha256:abc".to_owned(),
            service: "accounts".to_owned(),
            passed,
            steps: Vec::new(),
            problem: (!passed).then(|| "it ended".to_owned()),
            log: Vec::new(),
        }
    }

    #[test]
    fn a_failure_takes_the_place_of_an_earlier_pass() {
        let folder = tempfile::tempdir().unwrap();
        let records = folder.path().join("smoke");
        Record::of(&outcome(true)).write(&records).unwrap();
        let path = Record::of(&outcome(false)).write(&records).unwrap();
        assert_eq!(path, records.join("abc.json"));
        let read: Record<Outcome> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(read.outcome, outcome(false));
        assert_eq!(fs::read_dir(records).unwrap().count(), 1);
    }

    #[test]
    fn publishing_finds_what_it_looks_for() {
        let text = serde_json::to_string(&Record::of(&outcome(true))).unwrap();
        assert!(text.contains("\"passed\":true") && text.contains("\"sha256:abc\""), "{text}");
    }
}

//! The folder with a service's keys. It is locked while keys are made, so that two processes that start for the first
//! time together end up with one key.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Seed, SigningKey, file, forgotten, successor_time};
use crate::error::KeysError;

pub(super) struct Folder(PathBuf);

impl Folder {
    /// The folder, made when there is none.
    pub(super) fn open(path: &Path) -> Result<Self, KeysError> {
        let folder = Self(path.to_owned());
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| folder.io("make", error))?;
        Ok(folder)
    }

    /// The keys, the oldest first; a first one when there is none.
    pub(super) fn read_or_create(
        &self,
        seed: &Seed,
        now: DateTime<Utc>,
    ) -> Result<Vec<SigningKey>, KeysError> {
        let _locked = self.lock()?;
        let mut keys = self.read()?;
        if keys.is_empty() {
            keys.push(self.add(seed, now)?);
        }
        Ok(keys)
    }

    /// Adds a key and removes those that are forgotten. Gives all keys, and the id of the new one.
    pub(super) fn rotate(
        &self,
        seed: &Seed,
        now: DateTime<Utc>,
        retire_after: Duration,
    ) -> Result<(Vec<SigningKey>, String), KeysError> {
        let _locked = self.lock()?;
        let mut keys = self.read()?;
        let key = self.add(seed, successor_time(&keys, now))?;
        let id = key.id.clone();
        keys.push(key);
        for key in keys.drain(..forgotten(&keys, now, retire_after)) {
            // A file that stays does no harm: the key in it is not published any more.
            if let Err(error) = fs::remove_file(file::path_of(&self.0, &key.id)) {
                tracing::warn!(%error, key = key.id, "a retired token key could not be removed");
            }
        }
        Ok((keys, id))
    }

    fn add(&self, seed: &Seed, created_at: DateTime<Utc>) -> Result<SigningKey, KeysError> {
        let key = SigningKey::new(seed, created_at).ok_or(KeysError::NoRandomness)?;
        file::write(&self.0, seed, &key).map_err(|error| self.io("write a key to", error))?;
        tracing::info!(key = key.id, "made a token key");
        Ok(key)
    }

    fn read(&self) -> Result<Vec<SigningKey>, KeysError> {
        let mut keys = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(|error| self.io("read", error))? {
            let path = entry.map_err(|error| self.io("read", error))?.path();
            if path.extension().is_some_and(|extension| extension == file::EXTENSION) {
                keys.push(file::read(&path)?);
            }
        }
        keys.sort_by(|a: &SigningKey, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(keys)
    }

    /// Held until the file is dropped.
    fn lock(&self) -> Result<File, KeysError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let lock = options.open(self.0.join("lock")).map_err(|error| self.io("lock", error))?;
        lock.lock().map_err(|error| self.io("lock", error))?;
        Ok(lock)
    }

    fn io(&self, action: &'static str, source: io::Error) -> KeysError {
        KeysError::Io { action, path: self.0.clone(), source }
    }
}

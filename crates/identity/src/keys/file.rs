//! One key as a file: a private JSON Web Key (RFC 8037) with the time it was made, readable to its owner only.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Seed, SigningKey};
use crate::encoding;
use crate::error::KeysError;

/// What a key's file is called after the key's id.
pub(super) const EXTENSION: &str = "jwk";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrivateJwk {
    kty: String,
    crv: String,
    kid: String,
    x: String,
    d: String,
    created_at: DateTime<Utc>,
}

/// Writes the key's file, whole or not at all, so that it is there after a power failure.
pub(super) fn write(folder: &Path, seed: &Seed, key: &SigningKey) -> io::Result<()> {
    let jwk = PrivateJwk {
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        kid: key.id.clone(),
        x: encoding::encode(key.public),
        d: encoding::encode(seed.0),
        created_at: key.created_at,
    };
    let json = serde_json::to_vec(&jwk)?;
    let (unfinished, path) = (folder.join("unfinished"), path_of(folder, &key.id));
    // Left by a crash; nobody else writes here, because the folder is locked.
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(&json)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(folder)?.sync_all()
}

/// Reads a key's file back.
pub(super) fn read(path: &Path) -> Result<SigningKey, KeysError> {
    let io = |source| KeysError::Io { action: "read", path: path.to_owned(), source };
    if fs::metadata(path).map_err(io)?.permissions().mode() & 0o007 != 0 {
        return Err(KeysError::TooOpen(path.to_owned()));
    }
    let json = fs::read(path).map_err(io)?;
    parse(&json, path).ok_or_else(|| KeysError::Damaged(path.to_owned()))
}

fn parse(json: &[u8], path: &Path) -> Option<SigningKey> {
    let jwk: PrivateJwk = serde_json::from_slice(json).ok()?;
    let seed = Seed(encoding::decode_exactly(&jwk.d)?);
    let key = SigningKey::new(&seed, jwk.created_at)?;
    // A file that was mixed up or edited would sign with a key that nobody knows.
    let same = key.id == jwk.kid && encoding::encode(key.public) == jwk.x;
    (same && path.file_stem()? == jwk.kid.as_str()).then_some(key)
}

pub(super) fn path_of(folder: &Path, id: &str) -> std::path::PathBuf {
    folder.join(format!("{id}.{EXTENSION}"))
}

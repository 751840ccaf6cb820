//! The folder of signing keys, and what a rotation leaves behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use identity::{KeysError, Seed, SigningKeys, TokenError, TokenVerifier};

use crate::forge::{RETIRE_AFTER, after, issued, rules, signing_keys};

fn open(folder: &Path, seed: u8, seconds: i64) -> Result<SigningKeys, KeysError> {
    SigningKeys::open(folder, RETIRE_AFTER, Seed::from_bytes([seed; 32]), after(seconds))
}

fn key_files(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "jwk")).collect()
}

fn ids(keys: &SigningKeys, seconds: i64) -> Vec<String> {
    keys.jwks(after(seconds)).keys.into_iter().map(|key| key.kid).collect()
}

#[test]
fn the_first_start_makes_a_key_that_only_its_owner_reads() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("token-keys");
    let first = ids(&open(&folder, 1, 0).unwrap(), 0);
    let [file] = key_files(&folder).try_into().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
    assert_eq!(file.file_stem().unwrap().to_str(), first.first().map(String::as_str));
    // The seed of a later start is not used.
    assert_eq!(ids(&open(&folder, 2, 5).unwrap(), 5), first);
}

#[test]
fn processes_that_start_together_have_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let starts = (0..8).map(|seed| {
        let path = folder.path().to_owned();
        std::thread::spawn(move || ids(&open(&path, seed, 0).unwrap(), 0))
    });
    let starts: Vec<_> = starts.collect::<Vec<_>>().into_iter().map(|start| start.join().unwrap()).collect();
    assert!(starts.windows(2).all(|pair| pair[0] == pair[1]), "{starts:?}");
}

#[tokio::test]
async fn a_rotated_key_is_published_until_its_last_token_has_expired() {
    let folder = tempfile::tempdir().unwrap();
    let keys = open(folder.path(), 1, 0).unwrap();
    let verifier = TokenVerifier::local(rules(), keys.clone());
    let old = issued(&keys, after(100));

    let new_id = keys.rotate(Seed::from_bytes([2; 32]), after(100)).unwrap();

    assert_eq!(ids(&keys, 100).first(), Some(&new_id), "the newest comes first");
    let new = issued(&keys, after(100));
    for token in [&old, &new] {
        assert!(verifier.verify(token, after(399)).await.is_ok());
    }
    assert_eq!(ids(&keys, 999).len(), 2);
    assert_eq!(ids(&keys, 1000), [new_id], "900 s after the rotation");
    assert_eq!(verifier.verify(&old, after(1000)).await, Err(TokenError::UnknownKey));
    // A restart knows the same, and the next rotation removes the file.
    let restarted = open(folder.path(), 3, 200).unwrap();
    assert_eq!(ids(&restarted, 200), ids(&keys, 200));
    keys.rotate(Seed::from_bytes([4; 32]), after(1000)).unwrap();
    assert_eq!((ids(&keys, 1000).len(), key_files(folder.path()).len()), (2, 2));
}

#[test]
fn a_clock_that_was_set_back_does_not_bring_an_old_key_back() {
    let folder = tempfile::tempdir().unwrap();
    let keys = open(folder.path(), 1, 0).unwrap();
    let newest = keys.rotate(Seed::from_bytes([2; 32]), after(-5000)).unwrap();
    assert_eq!(ids(&keys, -5000).first(), Some(&newest));
    assert_eq!(ids(&open(folder.path(), 3, -5000).unwrap(), -5000).first(), Some(&newest));
}

#[test]
fn keys_in_memory_rotate_too() {
    let keys = signing_keys(1);
    let newest = keys.rotate(Seed::from_bytes([2; 32]), after(10)).unwrap();
    assert_eq!(ids(&keys, 10).len(), 2);
    assert_eq!(ids(&keys, 910), [newest]);
}

#[test]
fn a_key_that_everybody_may_read_or_that_was_edited_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path(), 1, 0).unwrap();
    let [file] = key_files(folder.path()).try_into().unwrap();

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(open(folder.path(), 1, 0), Err(KeysError::TooOpen(_))));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(open(folder.path(), 1, 0).is_ok());

    let renamed = folder.path().join("another.jwk");
    fs::rename(&file, &renamed).unwrap();
    let error = open(folder.path(), 1, 0).unwrap_err();
    assert!(matches!(error, KeysError::Damaged(_)), "{error}");
    fs::write(&renamed, "{\"d\":\"secret\"}").unwrap();
    let error = open(folder.path(), 1, 0).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[test]
fn what_a_crash_left_is_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("unfinished"), "half a k").unwrap();
    let keys = open(folder.path(), 1, 0).unwrap();
    assert_eq!((ids(&keys, 0).len(), key_files(folder.path()).len()), (1, 1));
}

//! A folder for SQLite's files that is gone after the run, on a real disk.

use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow, ensure};

use crate::machine::Fact;

/// Gives `work` a new folder inside `dir`, and removes it in the end, also when `work` fails or is interrupted.
///
/// # Errors
/// Those of `work`; when the folder cannot be created or lies in memory; when the run is interrupted.
pub(crate) async fn with_folder<T>(
    dir: &Path,
    work: impl AsyncFnOnce(&Path) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    ensure!(
        file_system(dir).is_none_or(|(kind, _)| kind != "tmpfs"),
        "{} lies in memory, where a commit costs nothing: give a folder on a disk with --dir",
        dir.display()
    );
    let inside = format!("cannot create a folder in {} (--dir)", dir.display());
    let folder = tempfile::Builder::new().prefix("benchmark-").tempdir_in(dir).context(inside)?;
    let path = folder.path().canonicalize()?;
    tokio::select! {
        outcome = work(&path) => outcome,
        _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
    }
}

/// Which file system the files of a run lie on.
pub(crate) fn fact(dir: &Path) -> Fact {
    let known = file_system(dir).map(|(kind, device)| format!("{kind} on {device}"));
    Fact::new("file system", known.unwrap_or_else(|| "unknown".to_owned()))
}

/// The kind of file system that `dir` lies on, and its device.
fn file_system(dir: &Path) -> Option<(String, String)> {
    let dir = dir.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/mounts").ok()?;
    let mount = |line: &str| {
        let mut fields = line.split(' ').map(str::to_owned);
        let (device, place, kind) = (fields.next()?, fields.next()?, fields.next()?);
        dir.starts_with(&place).then_some((place.len(), kind, device))
    };
    let (_, kind, device) = mounts.lines().filter_map(mount).max_by_key(|(length, ..)| *length)?;
    Some((kind, device))
}

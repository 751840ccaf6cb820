//! What an image is shown.

use std::fs;
use std::path::Path;

use super::HistorySettings;
use crate::error::DeployError;
use crate::upload::Archive;

/// Golden events and snapshots, and perhaps a sample, as the engine takes them.
pub(super) struct Files {
    pub(super) archive: Vec<u8>,
    pub(super) has_sample: bool,
}

impl Files {
    /// Where they lie in a container.
    pub(super) const AT: &str = "/history";

    /// What the image's program is told.
    pub(super) fn arguments(sample: bool) -> Vec<String> {
        let mut arguments = vec!["history".to_owned(), format!("{}/golden", Self::AT)];
        arguments.extend(sample.then(|| format!("{}/sample.jsonl", Self::AT)));
        arguments
    }

    pub(super) fn read(settings: &HistorySettings) -> Result<Self, DeployError> {
        let mut archive = Archive::new();
        let count = add_folder(&mut archive, "golden", &settings.golden)?;
        if count == 0 {
            let reason = "there is no golden event (TYPE.vN.json) in it; name the folder with --golden";
            return Err(DeployError::file(&settings.golden, reason));
        }
        if let Some(sample) = &settings.sample {
            let content = fs::read(sample).map_err(|error| DeployError::file(sample, error))?;
            if content.iter().all(u8::is_ascii_whitespace) {
                return Err(DeployError::file(sample, "the sample is empty; `bank sample` prints one"));
            }
            archive.file("sample.jsonl", &content).map_err(DeployError::here)?;
        }
        let archive = archive.finish().map_err(DeployError::here)?;
        Ok(Self { archive, has_sample: settings.sample.is_some() })
    }
}

/// Adds the files of a folder and of the folders in it, and says how many golden events there are.
fn add_folder(archive: &mut Archive, name: &str, folder: &Path) -> Result<usize, DeployError> {
    let wrong = |error| DeployError::file(folder, error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        paths.push(entry.map_err(wrong)?.path());
    }
    paths.sort();
    let mut count = 0;
    for path in paths {
        let name = format!("{name}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            count += add_folder(archive, &name, &path)?;
            continue;
        }
        let content = fs::read(&path).map_err(|error| DeployError::file(&path, error))?;
        archive.file(&name, &content).map_err(DeployError::here)?;
        count += usize::from(path.extension().is_some_and(|extension| extension == "json"));
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;

    fn settings(golden: &Path, sample: Option<PathBuf>) -> HistorySettings {
        let (golden, records) = (golden.to_owned(), PathBuf::new());
        HistorySettings { golden, sample, within: Duration::ZERO, records }
    }

    #[test]
    fn everything_is_packed_and_what_is_missing_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let told = |settings| Files::read(&settings).err().unwrap().to_string();
        assert!(told(settings(&folder.path().join("none"), None)).contains("none: No such file"));
        assert!(told(settings(folder.path(), None)).contains("no golden event"));
        fs::create_dir(folder.path().join("snapshots")).unwrap();
        fs::write(folder.path().join("snapshots/account.v1.jsonl"), "{}").unwrap();
        assert!(told(settings(folder.path(), None)).contains("no golden event"));
        fs::write(folder.path().join("AccountOpened.v1.json"), "{}").unwrap();
        let sample = folder.path().join("sample");
        assert!(told(settings(folder.path(), Some(sample.clone()))).contains("sample: No such file"));
        fs::write(&sample, "\n").unwrap();
        assert!(told(settings(folder.path(), Some(sample.clone()))).contains("the sample is empty"));
        fs::write(&sample, "{}\n").unwrap();
        let files = Files::read(&settings(folder.path(), Some(sample))).unwrap();
        let mut archive = tar::Archive::new(files.archive.as_slice());
        let names: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().display().to_string())
            .collect();
        let expected = [
            "golden/AccountOpened.v1.json",
            "golden/sample",
            "golden/snapshots/account.v1.jsonl",
            "sample.jsonl",
        ];
        assert_eq!(names, expected);
        assert_eq!(Files::arguments(true), ["history", "/history/golden", "/history/sample.jsonl"]);
    }
}

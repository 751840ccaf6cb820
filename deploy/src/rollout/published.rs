//! Which image is meant: by tag, by digest, or by what `docker/publish.sh` noted.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::desired::Wanted;
use crate::error::DeployError;
use crate::image_name::ImageName;

/// The name of the wanted image. `images_dir` is where publishing notes what it did.
pub(super) fn reference_of(
    repository: &str,
    service: &str,
    wanted: &Wanted,
    images_dir: &Path,
) -> Result<ImageName, DeployError> {
    match wanted {
        Wanted::Version(tag) => Ok(ImageName::new(&format!("{repository}:{tag}"))),
        Wanted::Digest(digest) => Ok(ImageName::new(&format!("{repository}@{digest}"))),
        Wanted::Published => published(repository, service, images_dir),
    }
}

/// The last note of all versions.
fn published(repository: &str, service: &str, images_dir: &Path) -> Result<ImageName, DeployError> {
    let wrong = |reason| DeployError::Unavailable { field: format!("services.{service}"), reason };
    let Some(note) = last_note(service, images_dir) else {
        let place = images_dir.display();
        return Err(wrong(format!(
            "nothing was published: there is no {place}/*/{service}.published; docker/publish.sh writes it"
        )));
    };
    let text = fs::read_to_string(&note).map_err(|error| DeployError::file(&note, error))?;
    let reference = text.trim();
    if reference.strip_prefix(repository).is_some_and(|rest| rest.starts_with("@sha256:")) {
        Ok(ImageName::new(reference))
    } else {
        Err(wrong(format!(
            "`{reference}`, which {} says was published, is not of {repository}",
            note.display()
        )))
    }
}

fn last_note(service: &str, images_dir: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(images_dir).ok()?.filter_map(Result::ok);
    let notes = versions.map(|version| version.path().join(format!("{service}.published")));
    let written = |note: &PathBuf| fs::metadata(note).and_then(|found| found.modified()).ok();
    let dated = notes.filter_map(|note| Some((written(&note)?, note)));
    dated.max_by_key(|(at, _): &(SystemTime, PathBuf)| *at).map(|(_, note)| note)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn note(folder: &Path, version: &str, text: &str, age: u64) {
        fs::create_dir_all(folder.join(version)).unwrap();
        let file = fs::File::create(folder.join(version).join("accounts.published")).unwrap();
        fs::write(folder.join(version).join("accounts.published"), text).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    }

    #[test]
    fn the_last_one_that_was_published_is_meant_whatever_its_version() {
        let folder = tempfile::tempdir().unwrap();
        note(folder.path(), "1.9", "r/accounts@sha256:1\n", 10);
        note(folder.path(), "1.10", "r/accounts@sha256:2\n", 20);
        let found = reference_of("r/accounts", "accounts", &Wanted::Published, folder.path()).unwrap();
        assert_eq!(found.as_str(), "r/accounts@sha256:1");
    }

    #[test]
    fn nothing_published_and_another_registry_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let asked = || reference_of("r/accounts", "accounts", &Wanted::Published, folder.path());
        let text = asked().unwrap_err().to_string();
        assert!(text.starts_with("services.accounts: nothing was published"), "{text}");
        note(folder.path(), "1", "other/accounts@sha256:1\n", 1);
        let text = asked().unwrap_err().to_string();
        assert!(
            text.contains("`other/accounts@sha256:1`") && text.contains("is not of r/accounts"),
            "{text}"
        );
    }

    #[test]
    fn tags_and_digests_are_taken_as_they_are() {
        let name = |wanted| reference_of("r/accounts", "accounts", &wanted, Path::new("/nowhere")).unwrap();
        assert_eq!(name(Wanted::Version("1.4.0".to_owned())).as_str(), "r/accounts:1.4.0");
        assert_eq!(name(Wanted::Digest("sha256:1".to_owned())).as_str(), "r/accounts@sha256:1");
    }
}

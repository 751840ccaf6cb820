//! Files for a container, as the engine takes them: a tar archive that is unpacked into a volume before the start.
//!
//! Nothing is mounted from this machine, so that the engine may be another machine's, or that of a build agent which is
//! itself a container.

use std::fs;
use std::io;
use std::path::Path;

/// Whom the services run as; see `docker/Dockerfile`.
const OWNER: u64 = 65532;

/// An archive that grows file by file.
pub(crate) struct Archive(tar::Builder<Vec<u8>>);

impl Archive {
    pub(crate) fn new() -> Self {
        Self(tar::Builder::new(Vec::new()))
    }

    /// A file that only the service reads.
    pub(crate) fn file(&mut self, path: &str, content: &[u8]) -> io::Result<()> {
        let mut header = header(0o400, content.len() as u64);
        self.0.append_data(&mut header, path, content)
    }

    /// A folder of the service's own, with the files of one of this machine in it.
    pub(crate) fn folder(&mut self, path: &str, from: &Path) -> io::Result<()> {
        let mut header = header(0o700, 0);
        header.set_entry_type(tar::EntryType::Directory);
        self.0.append_data(&mut header, format!("{path}/"), io::empty())?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                let content = fs::read(entry.path())?;
                let mut header = self::header(0o600, content.len() as u64);
                let name = format!("{path}/{}", entry.file_name().to_string_lossy());
                self.0.append_data(&mut header, name, content.as_slice())?;
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> io::Result<Vec<u8>> {
        self.0.into_inner()
    }
}

fn header(mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_mode(mode);
    header.set_uid(OWNER);
    header.set_gid(OWNER);
    header.set_size(size);
    header
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_packed_belongs_to_the_service_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("key"), "k").unwrap();
        let mut archive = Archive::new();
        archive.file("audit", b"postgres://").unwrap();
        archive.folder("token-keys", folder.path()).unwrap();
        let bytes = archive.finish().unwrap();
        let mut seen = Vec::new();
        for entry in tar::Archive::new(bytes.as_slice()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let (mode, owner) = (entry.header().mode().unwrap(), entry.header().uid().unwrap());
            assert_eq!((mode & 0o077, owner), (0, OWNER));
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            seen.push((entry.path().unwrap().display().to_string(), text));
        }
        let expected = [("audit", "postgres://"), ("token-keys/", ""), ("token-keys/key", "k")];
        assert_eq!(seen, expected.map(|(path, text)| (path.to_owned(), text.to_owned())));
    }
}

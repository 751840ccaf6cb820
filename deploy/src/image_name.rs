//! Names of images: `REGISTRY/SERVICE:TAG` or `REGISTRY/SERVICE@sha256:…`.

use std::fmt;

/// The name of an image, as somebody wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageName(String);

impl ImageName {
    /// Any text; whether there is such an image, the engine knows.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The name as the engine takes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is called `accounts` in `127.0.0.1:5000/bank/accounts:1.4.0`.
    #[must_use]
    pub fn last_part(&self) -> &str {
        self.parts().1
    }

    /// The registry that it is pulled from: what stands before the first slash.
    #[must_use]
    pub fn registry(&self) -> &str {
        self.0.split_once('/').map_or("", |(registry, _)| registry)
    }

    /// The image of another service beside this one, of the same version. `None` when this name has no tag: a digest
    /// and an id are those of one image alone.
    #[must_use]
    pub fn sibling(&self, service: &str) -> Option<Self> {
        let (folder, _, tag) = self.parts();
        tag.map(|tag| Self(format!("{folder}{service}:{tag}")))
    }

    /// Everything up to the last slash, the name, and the tag.
    fn parts(&self) -> (&str, &str, Option<&str>) {
        let at = self.0.rfind('/').map_or(0, |slash| slash + 1);
        let (folder, rest) = self.0.split_at(at);
        let (rest, digest) = rest.split_once('@').map_or((rest, None), |(rest, digest)| (rest, Some(digest)));
        let (name, tag) = rest.split_once(':').map_or((rest, None), |(name, tag)| (name, Some(tag)));
        (folder, name, tag.filter(|_| digest.is_none() && name != "sha256"))
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_registry() {
        assert_eq!(ImageName::new("127.0.0.1:5000/a/accounts:1").registry(), "127.0.0.1:5000");
        assert_eq!(ImageName::new("accounts:1").registry(), "");
    }

    #[test]
    fn a_name_tells_its_service_and_its_siblings() {
        for (name, service, sibling) in [
            ("bank/accounts:1.4.0", "accounts", Some("bank/customers:1.4.0")),
            ("127.0.0.1:5000/a/accounts:1", "accounts", Some("127.0.0.1:5000/a/customers:1")),
            ("accounts:1", "accounts", Some("customers:1")),
            ("127.0.0.1:5000/accounts", "accounts", None),
            ("r/accounts@sha256:ab", "accounts", None),
            ("r/accounts:1@sha256:ab", "accounts", None),
            ("sha256:ab", "sha256", None),
        ] {
            let name = ImageName::new(name);
            assert_eq!(name.last_part(), service, "{name}");
            assert_eq!(name.sibling("customers").map(|name| name.0).as_deref(), sibling, "{name}");
        }
    }
}

//! Images that come from a registry.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::auth::DockerCredentials;
use bollard::errors::Error;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures::TryStreamExt;

use super::Engine;
use crate::error::DeployError;
use crate::image_name::ImageName;

impl Engine {
    /// Pulls an image, whether this engine has one of that name or not.
    pub(crate) async fn pull(&self, name: &ImageName) -> Result<(), DeployError> {
        let options = CreateImageOptionsBuilder::default().from_image(name.as_str()).build();
        let credentials = settings_file().and_then(|file| credentials(&file, name.registry()));
        let pulled: Result<Vec<_>, Error> =
            self.docker.create_image(Some(options), None, credentials).try_collect().await;
        pulled.map(drop).map_err(|error| self.failed(&format!("pulling {name}"), &error))
    }
}

/// Where `docker login` keeps what it was told.
fn settings_file() -> Option<PathBuf> {
    let folder = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".docker")))?;
    Some(folder.join("config.json"))
}

/// What that file has for a registry. Without, the pull is anonymous, and a registry that wants more says so.
fn credentials(file: &Path, registry: &str) -> Option<DockerCredentials> {
    let settings: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    let encoded = settings.get("auths")?.get(registry)?.get("auth")?.as_str()?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some(DockerCredentials {
        username: Some(user.to_owned()),
        password: Some(password.to_owned()),
        serveraddress: Some(registry.to_owned()),
        ..Default::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_signed_in_pulls_as_that_user_from_that_registry_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        let auth = STANDARD.encode("me:a:b");
        std::fs::write(&file, format!(r#"{{"auths": {{"r.example:5000": {{"auth": "{auth}"}}}}}}"#)).unwrap();
        let found = credentials(&file, "r.example:5000").unwrap();
        assert_eq!((found.username.as_deref(), found.password.as_deref()), (Some("me"), Some("a:b")));
        assert!(credentials(&file, "other.example").is_none());
        assert!(credentials(&folder.path().join("none"), "r.example:5000").is_none());
    }
}

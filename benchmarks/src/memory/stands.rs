//! What the services stand on.

use std::path::{Path, PathBuf};

use super::Name;

/// Where services keep what they keep.
pub(super) struct Stands {
    pub(super) accounts_store: String,
    pub(super) transfers_store: String,
    /// The bus that all share; without it each has a log of its own, which only one process may write.
    pub(super) bus: Option<String>,
    /// The views; in a file without.
    pub(super) views: Option<String>,
    pub(super) dir: PathBuf,
}

impl Stands {
    pub(super) fn on_files(dir: &Path) -> Self {
        let store = |name: &str| format!("sqlite://{}", dir.join(name).display());
        Self {
            accounts_store: store("accounts.sqlite"),
            transfers_store: store("transfers.sqlite"),
            bus: None,
            views: None,
            dir: dir.to_owned(),
        }
    }

    /// What a service is started with.
    pub(super) fn arguments(&self, name: Name) -> Vec<String> {
        let own_log =
            || format!("embedded:{}", self.dir.join(format!("{}-bus.sqlite", name.name())).display());
        let bus = self.bus.clone().unwrap_or_else(own_log);
        let own_views = || format!("sqlite://{}", self.dir.join("views.sqlite").display());
        let given = match name {
            Name::Accounts => vec!["--store", &self.accounts_store, "--bus", &bus],
            Name::Transfers => vec!["--store", &self.transfers_store, "--bus", &bus],
            Name::AccountHistory => {
                let views = self.views.clone().unwrap_or_else(own_views);
                return ["--views", &views, "--bus", &bus].map(str::to_owned).to_vec();
            }
            Name::ApiGateway => Vec::new(),
            Name::Bank => {
                let data = self.dir.join("bank-data").display().to_string();
                return vec!["--data-dir".to_owned(), data];
            }
        };
        given.into_iter().map(str::to_owned).collect()
    }
}

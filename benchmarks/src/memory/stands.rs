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
        let audit = format!("audit=sqlite://{}", self.dir.join("audit.sqlite").display());
        let data = self.dir.join("bank-data").display().to_string();
        let views = self.views.clone().unwrap_or_else(own_views);
        let given = match name {
            Name::Accounts => vec!["--store", &self.accounts_store, "--bus", &bus, "--set", &audit],
            Name::Transfers => vec!["--store", &self.transfers_store, "--bus", &bus, "--set", &audit],
            Name::AccountHistory => vec!["--views", &views, "--bus", &bus, "--set", &audit],
            Name::ApiGateway => Vec::new(),
            // One operator opens all accounts, as fast as it goes.
            Name::Bank => {
                let (rate, burst) = ("per_second=1000000", "burst=1000000");
                let unlimited = [rate, burst].map(|of| format!("rate_limit.operators.{of}"));
                return ["--data-dir", &data, "--set", &unlimited[0], "--set", &unlimited[1]]
                    .map(str::to_owned)
                    .to_vec();
            }
        };
        given.into_iter().map(str::to_owned).collect()
    }
}

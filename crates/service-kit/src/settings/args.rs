//! The flags that every service understands.

use std::path::PathBuf;

use clap::Args;

use super::has_setting;

/// Flags shared by all services; each is also a setting, so `BANK_LISTEN` and a line `listen = …` in the file
/// mean the same. The flag wins over the environment, the environment over the file.
#[derive(Debug, Clone, Default, Args)]
// Or clap shows this type's documentation as that of the command that takes these flags.
#[command(about = None, long_about = None)]
pub struct CommonArgs {
    /// Address to listen on; port 0 takes a free port and prints it [env: BANK_LISTEN]
    #[arg(long, value_name = "HOST:PORT", help_heading = "Settings")]
    pub listen: Option<String>,
    /// Folder for everything that is stored on this machine [env: BANK_DATA_DIR]
    #[arg(long, value_name = "DIR", help_heading = "Settings")]
    pub data_dir: Option<PathBuf>,
    /// Where events are stored, as a URL [env: BANK_STORE]
    #[arg(long, value_name = "URL", help_heading = "Settings")]
    pub store: Option<String>,
    /// What events travel through, as a URL [env: BANK_BUS]
    #[arg(long, value_name = "URL", help_heading = "Settings")]
    pub bus: Option<String>,
    /// Where views are stored, as a URL [env: BANK_VIEWS]
    #[arg(long, value_name = "URL", help_heading = "Settings")]
    pub views: Option<String>,
    /// A TOML file with settings [env: BANK_CONFIG]
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    pub config: Option<PathBuf>,
    /// What to log: a level, or levels by module such as `info,accounts=debug` [env: BANK_LOG]
    #[arg(long, value_name = "FILTER", help_heading = "Settings")]
    pub log: Option<String>,
    /// How to log: `pretty` or `json` [env: BANK_LOG_FORMAT]
    #[arg(long, value_name = "FORMAT", help_heading = "Settings")]
    pub log_format: Option<String>,
    /// Where spans are sent: a collector of OpenTelemetry, such as `http://127.0.0.1:4318` [env: BANK_TRACES]
    #[arg(long, value_name = "URL", help_heading = "Settings")]
    pub traces: Option<String>,
    /// Any other setting of the defaults file; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", help_heading = "Settings")]
    pub set: Vec<String>,
}

impl CommonArgs {
    /// Whether `flag` is of use to a service with these defaults. Flags are named like their setting, but for the
    /// two that are about settings as such.
    pub(crate) fn applies(flag: &str, defaults_toml: &str) -> bool {
        matches!(flag, "config" | "set") || has_setting(defaults_toml, flag)
    }

    /// The flags that were given, by the name of their setting.
    pub(super) fn given(&self) -> Vec<(&'static str, String)> {
        let data_dir = self.data_dir.as_ref().map(|dir| dir.display().to_string());
        [
            ("listen", self.listen.clone()),
            ("data_dir", data_dir),
            ("store", self.store.clone()),
            ("bus", self.bus.clone()),
            ("views", self.views.clone()),
            ("log", self.log.clone()),
            ("log_format", self.log_format.clone()),
            ("traces", self.traces.clone()),
        ]
        .into_iter()
        .filter_map(|(key, value)| value.map(|value| (key, value)))
        .collect()
    }
}

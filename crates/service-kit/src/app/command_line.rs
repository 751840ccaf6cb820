//! What a service can be asked to do, and with which settings.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::About;
use crate::settings::CommonArgs;

/// What a process is started for. Without a command it serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errand {
    Serve,
    Health,
    Migrate,
}

impl Errand {
    fn name(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Health => "health",
            Self::Migrate => "migrate",
        }
    }

    fn summary(self) -> &'static str {
        match self {
            Self::Serve => "Serve until a signal (what no command does)",
            Self::Health => {
                "Ask the service that runs with these settings whether it is ready; exit status 0 or 1"
            }
            Self::Migrate => "Create the tables and topics that are missing, and end",
        }
    }
}

impl About {
    /// Reads the process's arguments; prints help, the version or a mistake and ends the process when asked to.
    pub(super) fn parse(&self, errands: &[Errand]) -> (Errand, CommonArgs) {
        let matches = self.command(errands).get_matches();
        let (errand, settings) = asked_for(errands, &matches);
        (errand, CommonArgs::from_arg_matches(settings).unwrap_or_else(|error| error.exit()))
    }

    fn command(&self, errands: &[Errand]) -> Command {
        let command = Command::new(self.name).version(self.version).args_conflicts_with_subcommands(true);
        let subcommands = errands
            .iter()
            .map(|errand| self.with_settings(Command::new(errand.name())).about(errand.summary()));
        self.with_settings(command).about(self.summary).subcommands(subcommands)
    }

    /// A flag that this service has no use for is refused with an explanation, and not offered in `--help`.
    fn with_settings(&self, command: Command) -> Command {
        CommonArgs::augment_args(command).mut_args(|flag: Arg| {
            let applies = CommonArgs::applies(flag.get_id().as_str(), self.defaults);
            flag.hide(!applies)
        })
    }
}

fn asked_for<'a>(errands: &[Errand], matches: &'a ArgMatches) -> (Errand, &'a ArgMatches) {
    let Some((name, settings)) = matches.subcommand() else { return (Errand::Serve, matches) };
    let errand = errands.iter().find(|errand| errand.name() == name);
    (errand.copied().unwrap_or(Errand::Serve), settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: About =
        About { name: "accounts", version: "1", summary: "", defaults: "listen = \"h:1\"", example: None };

    fn parsed(arguments: &[&str]) -> Result<(Errand, Option<String>), clap::error::ErrorKind> {
        let errands = [Errand::Health];
        let arguments = [&["accounts"], arguments].concat();
        let matches =
            ABOUT.command(&errands).try_get_matches_from(arguments).map_err(|error| error.kind())?;
        let (errand, settings) = asked_for(&errands, &matches);
        Ok((errand, CommonArgs::from_arg_matches(settings).unwrap().listen))
    }

    #[test]
    fn without_a_command_it_serves() {
        assert_eq!(parsed(&[]), Ok((Errand::Serve, None)));
        assert_eq!(parsed(&["--listen", "h:2"]), Ok((Errand::Serve, Some("h:2".to_owned()))));
        assert_eq!(parsed(&["health", "--listen", "h:2"]), Ok((Errand::Health, Some("h:2".to_owned()))));
    }

    #[test]
    fn a_service_without_stores_has_nothing_to_migrate() {
        assert_eq!(parsed(&["migrate"]), Err(clap::error::ErrorKind::InvalidSubcommand));
    }
}

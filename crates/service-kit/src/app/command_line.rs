//! What a service can be asked to do, and with which settings.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::About;
use crate::settings::CommonArgs;

/// What a process is started for. Without a command it serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errand {
    Serve,
    Health,
    Migrate,
    History,
}

/// An errand with what it needs to know.
pub(super) enum Asked {
    With(Errand, Box<CommonArgs>),
    History(HistoryArgs),
}

/// What `history` is told, which needs no settings.
#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {
    /// Golden events (TYPE.vN.json), streams as `bank sample` prints them (NAME.jsonl), or folders of such files
    #[arg(required = true, value_name = "FILE|DIR")]
    pub files: Vec<PathBuf>,
}

impl Errand {
    fn name(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Health => "health",
            Self::Migrate => "migrate",
            Self::History => "history",
        }
    }

    fn summary(self) -> &'static str {
        match self {
            Self::Serve => "Serve until a signal (what no command does)",
            Self::Health => {
                "Ask the service that runs with these settings whether it is ready; exit status 0 or 1"
            }
            Self::Migrate => "Create the tables and topics that are missing, and end",
            Self::History => {
                "Read recorded events and snapshots without any server, and print what becomes of each shape; exit status 1 \
                 when this program cannot read what was written before"
            }
        }
    }
}

impl About {
    /// Reads the process's arguments; prints help, the version or a mistake and ends the process when asked to.
    pub(super) fn parse(&self, errands: &[Errand]) -> Asked {
        let matches = self.command(errands).get_matches();
        asked_for(errands, &matches).unwrap_or_else(|error| error.exit())
    }

    fn command(&self, errands: &[Errand]) -> Command {
        let command = Command::new(self.name).version(self.version).args_conflicts_with_subcommands(true);
        let subcommands = errands.iter().map(|errand| {
            let command = Command::new(errand.name());
            match errand {
                Errand::History => HistoryArgs::augment_args(command),
                _ => self.with_settings(command),
            }
            .about(errand.summary())
        });
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

fn asked_for(errands: &[Errand], matches: &ArgMatches) -> Result<Asked, clap::Error> {
    let (name, told) = matches.subcommand().unwrap_or((Errand::Serve.name(), matches));
    let errand = errands.iter().find(|errand| errand.name() == name);
    Ok(match errand.copied().unwrap_or(Errand::Serve) {
        Errand::History => Asked::History(HistoryArgs::from_arg_matches(told)?),
        errand => Asked::With(errand, Box::new(CommonArgs::from_arg_matches(told)?)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: About =
        About { name: "accounts", version: "1", summary: "", defaults: "listen = \"h:1\"", example: None };

    fn parsed(arguments: &[&str]) -> Result<(Errand, Option<String>), clap::error::ErrorKind> {
        let errands = [Errand::Health, Errand::History];
        let arguments = [&["accounts"], arguments].concat();
        let matches =
            ABOUT.command(&errands).try_get_matches_from(arguments).map_err(|error| error.kind())?;
        match asked_for(&errands, &matches).unwrap() {
            Asked::With(errand, settings) => Ok((errand, settings.listen)),
            Asked::History(args) => {
                Ok((Errand::History, args.files.first().map(|file| file.display().to_string())))
            }
        }
    }

    #[test]
    fn without_a_command_it_serves() {
        assert_eq!(parsed(&[]), Ok((Errand::Serve, None)));
        assert_eq!(parsed(&["--listen", "h:2"]), Ok((Errand::Serve, Some("h:2".to_owned()))));
        assert_eq!(parsed(&["health", "--listen", "h:2"]), Ok((Errand::Health, Some("h:2".to_owned()))));
    }

    #[test]
    fn history_takes_files_and_no_settings() {
        assert_eq!(parsed(&["history", "a", "b"]), Ok((Errand::History, Some("a".to_owned()))));
        assert_eq!(parsed(&["history"]), Err(clap::error::ErrorKind::MissingRequiredArgument));
        assert_eq!(
            parsed(&["history", "--listen", "h:2", "a"]),
            Err(clap::error::ErrorKind::UnknownArgument)
        );
    }

    #[test]
    fn a_service_without_stores_has_nothing_to_migrate() {
        assert_eq!(parsed(&["migrate"]), Err(clap::error::ErrorKind::InvalidSubcommand));
    }
}

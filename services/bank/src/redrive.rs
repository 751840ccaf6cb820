//! `bank redrive`: what waits behind a failure, and replaying it in order.

use std::fmt::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use messaging::DeadLetters;
use service_kit::Failure;
use service_kit::backends::open_dead_letters;
use service_kit::settings::CommonArgs;

use crate::cli::{print, settings};
use crate::config::Config;
use crate::parts::Urls;

/// How long the command waits for a running bank to carry out the replay.
const PATIENCE: Duration = Duration::from_secs(10);

/// What `bank redrive` may be told.
#[derive(Debug, Args)]
pub(crate) struct RedriveArgs {
    /// Whose messages
    #[arg(value_enum)]
    subscription: Reader,
    /// Only this aggregate's messages
    #[arg(long, value_name = "ID")]
    key: Option<String>,
    /// Only list what waits
    #[arg(long)]
    list: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: CommonArgs,
}

/// A service that reads messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reader {
    Accounts,
    Transfers,
    Customers,
    AccountHistory,
    Webhooks,
}

impl Reader {
    /// Every one.
    pub(crate) const ALL: [Self; 5] =
        [Self::Accounts, Self::Transfers, Self::Customers, Self::AccountHistory, Self::Webhooks];

    /// The service's name, which is that of its process.
    pub(crate) fn service(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Transfers => "transfers",
            Self::Customers => "customers",
            Self::AccountHistory => "account-history",
            Self::Webhooks => "webhooks",
        }
    }

    /// Only the letters: a running bank holds the lock of its log.
    pub(crate) async fn letters(self, urls: &Urls) -> Result<Arc<dyn DeadLetters>, Failure> {
        let letters = match self {
            Self::Accounts => open_dead_letters(&Urls::existing(&urls.accounts_store)?).await,
            Self::Transfers => open_dead_letters(&Urls::existing(&urls.transfers_store)?).await,
            Self::Customers => open_dead_letters(&Urls::existing(&urls.customers_store)?).await,
            Self::Webhooks => open_dead_letters(&Urls::existing(&urls.webhooks_store)?).await,
            Self::AccountHistory => {
                Urls::existing(&urls.views)?;
                urls.open_views().await.map(|views| views.dead_letters)
            }
        };
        letters.map_err(|error| Failure::start(format!("{error:#}")))
    }

    pub(crate) fn subscription_id(self, config: &Config) -> &str {
        match self {
            Self::Accounts => &config.accounts_subscription_id,
            Self::Transfers => &config.transfers_subscription_id,
            Self::Customers => &config.customers_subscription_id,
            Self::AccountHistory => &config.history_subscription_id,
            Self::Webhooks => &config.webhooks_subscription_id,
        }
    }
}

/// Lists or replays; exit status 1 when something still waits.
///
/// # Errors
/// When the stores cannot be opened.
pub(crate) async fn run(args: RedriveArgs) -> Result<ExitCode, Failure> {
    let config = settings(&args.settings)?;
    let id = args.subscription.subscription_id(&config);
    let letters = args.subscription.letters(&Urls::of(&config)).await?;
    if args.list { list(&*letters, id, &args).await } else { replay(&*letters, id, &args).await }
}

async fn list(letters: &dyn DeadLetters, id: &str, args: &RedriveArgs) -> Result<ExitCode, Failure> {
    let waiting = letters.list(id, args.key.as_deref()).await.map_err(Failure::start)?;
    let mut text = String::new();
    if args.json {
        text = serde_json::to_string_pretty(&waiting).map_err(Failure::start)? + "\n";
    } else {
        for letter in &waiting {
            let kind = letter.delivery.message.header("ce_type").unwrap_or("unknown");
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{} {kind} since {}: {}", letter.key, letter.parked_at, letter.reason);
        }
        let _ = writeln!(text, "{} messages of `{id}` wait", waiting.len());
    }
    print(&text)?;
    Ok(if waiting.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn replay(letters: &dyn DeadLetters, id: &str, args: &RedriveArgs) -> Result<ExitCode, Failure> {
    let report =
        messaging::redrive(letters, id, args.key.as_deref(), PATIENCE).await.map_err(Failure::start)?;
    let mut text = String::new();
    if args.json {
        text = serde_json::to_string_pretty(&report).map_err(Failure::start)? + "\n";
    } else {
        let _ = writeln!(text, "{} of {} messages of `{id}` were handled", report.handled, report.requested);
        for key in &report.remaining {
            let state =
                if key.redrive_requested { "asked for; no bank has carried it out yet" } else { &key.reason };
            let _ = writeln!(text, "{}: {} messages wait: {state}", key.key, key.letters);
        }
    }
    print(&text)?;
    Ok(if report.remaining.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

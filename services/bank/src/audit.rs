//! `bank audit`: the audit log, read by whoever may read its database.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;
use service_kit::Failure;
use service_kit::audit::{AuditLog, Entry, Filter, Hash};
use service_kit::settings::CommonArgs;

use crate::cli::{print, settings};
use crate::parts::Urls;

/// How many rows are read at once.
const PAGE: i64 = 1000;

/// What can be asked of the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Print entries, the oldest first
    List(ListArgs),
    /// Recompute the chain of hashes; exit status 1 when an entry was changed, removed or added
    Verify(VerifyArgs),
}

/// Which entries to print.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only those of this actor: a customer's id, or operator:NAME
    #[arg(long, value_name = "ACTOR")]
    actor: Option<String>,
    /// Only those whose path contains this, such as an account's id
    #[arg(long, value_name = "TEXT")]
    resource: Option<String>,
    /// Only entries after this one
    #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
    after: i64,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: CommonArgs,
}

/// What to compare the log with.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// A head that an earlier verification printed and that was kept elsewhere: it must still be in the log
    #[arg(long, value_name = "HASH")]
    head: Option<Hash>,
    /// The result as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: CommonArgs,
}

/// Reads the log.
///
/// # Errors
/// When the settings are wrong, or the log cannot be read.
pub(crate) async fn run(command: AuditCommand) -> Result<ExitCode, Failure> {
    match command {
        AuditCommand::List(args) => list(args).await,
        AuditCommand::Verify(args) => verify(args).await,
    }
}

async fn open(args: &CommonArgs) -> Result<AuditLog, Failure> {
    let url = Urls::existing(&Urls::of(&settings(args)?).audit)?;
    AuditLog::open(url.expose())
        .await
        .map_err(|error| Failure::start(format!("setting `audit` ({url}): {error}")))
}

async fn list(args: ListArgs) -> Result<ExitCode, Failure> {
    let log = open(&args.settings).await?;
    let filter = Filter { actor: args.actor, resource: args.resource };
    let mut after = args.after;
    loop {
        let (entries, last) = log.read(&filter, after, PAGE).await.map_err(Failure::start)?;
        for entry in &entries {
            print(&line(entry, args.json)?)?;
        }
        if last == after {
            return Ok(ExitCode::SUCCESS);
        }
        after = last;
    }
}

fn line(entry: &Entry, json: bool) -> Result<String, Failure> {
    if json {
        return serde_json::to_string(entry).map(|text| text + "\n").map_err(Failure::start);
    }
    let decision = &entry.decision;
    Ok(format!(
        "{:>8}  {}  {} {}  {}  {}  {}  request {}\n",
        entry.sequence,
        decision.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        decision.status,
        decision.code.as_deref().unwrap_or("done"),
        decision.actor.as_deref().unwrap_or("a stranger"),
        decision.action,
        decision.resource,
        decision.request_id,
    ))
}

async fn verify(args: VerifyArgs) -> Result<ExitCode, Failure> {
    let verified = open(&args.settings).await?.verify(args.head).await.map_err(Failure::start)?;
    let text = if args.json {
        let fault = verified.fault.as_ref().map(ToString::to_string);
        json!({"entries": verified.entries, "head": verified.head, "fault": fault}).to_string() + "\n"
    } else {
        let outcome = match &verified.fault {
            None => "the audit log is whole".to_owned(),
            Some(fault) => format!("THE AUDIT LOG IS NOT WHOLE: {fault}"),
        };
        format!("{outcome}: {} entries, head {}\n", verified.entries, verified.head)
    };
    print(&text)?;
    Ok(if verified.fault.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

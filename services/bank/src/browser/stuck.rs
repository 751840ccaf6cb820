//! `bank stuck`: transfers past their deadline, what stops each, and what an operator does about it.

use std::process::ExitCode;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use domain::Aggregate;
use domain::transfer::{MoneyTransfer, TransferStatus};
use event_store::EventStore;
use serde::Serialize;
use service_kit::Failure;
use service_kit::settings::CommonArgs;
use uuid::Uuid;

use super::facts::Facts;
use super::intervening::{self, InterventionArgs};
use super::stop::{Stop, Surroundings};
use super::{failed, put, words};
use crate::cli::settings;
use crate::parts::Urls;

/// The sweeper moves the moment of the next look at a transfer ahead, by seconds: nothing overdue lies beyond this.
const AHEAD: TimeDelta = TimeDelta::days(1);
/// More transfers than are under way at once.
const AT_MOST: u32 = 10_000;

/// What `bank stuck` may be told.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct StuckArgs {
    #[command(subcommand)]
    command: Option<StuckCommand>,
    /// One JSON object a transfer
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: CommonArgs,
}

#[derive(Debug, Subcommand)]
enum StuckCommand {
    /// Have the pending step repeated under its own command id: what the account answered is said again, and one that has
    /// not answered decides now, by a refusal when the deadline has passed
    Retry(InterventionArgs),
    /// Give up a transfer past its deadline: the account refuses the pending step unless it has answered, and what was
    /// debited goes back
    Compensate(InterventionArgs),
}

/// Lists or intervenes; the list has exit status 1 when there is anything in it.
///
/// # Errors
/// When a store cannot be read, or the transfer does not allow it.
pub(crate) async fn run(args: StuckArgs) -> Result<ExitCode, Failure> {
    use domain::transfer::Intervention;
    match args.command {
        Some(StuckCommand::Retry(of)) => intervening::run(of, Intervention::Retry).await,
        Some(StuckCommand::Compensate(of)) => intervening::run(of, Intervention::Compensate).await,
        None => list(&args).await,
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Stuck {
    transfer_id: Uuid,
    state: TransferStatus,
    deadline: DateTime<Utc>,
    overdue_seconds: i64,
    in_flight: bool,
    money: domain::money::Money,
    whereabouts: String,
    stopped_at: Stop,
}

async fn list(args: &StuckArgs) -> Result<ExitCode, Failure> {
    let config = settings(&args.settings)?;
    let urls = Urls::of(&config);
    let transfers = urls.read_transfers_store().await.map_err(failed)?;
    let accounts = urls.read_accounts_store().await.map_err(failed)?;
    let now = Utc::now();
    // Looked at before the surroundings: a transfer that gets on meanwhile is then not said to be stopped by nothing.
    let overdue = overdue(&transfers, now).await?;
    let surroundings = Surroundings::look(&config, &accounts, &transfers).await?;
    let mut found = 0_usize;
    for id in overdue {
        let facts = Facts::gather(&transfers, &accounts, id).await?;
        let Some(stopped_at) = surroundings.stop_of(&facts) else { continue };
        let deadline = facts.transfer.details.deadline;
        if deadline > now {
            continue;
        }
        found += 1;
        let stuck = Stuck {
            transfer_id: id,
            state: facts.transfer.status(),
            deadline,
            overdue_seconds: (now - deadline).num_seconds(),
            in_flight: facts.is_in_flight(),
            money: facts.transfer.details.money,
            whereabouts: facts.whereabouts(),
            stopped_at,
        };
        if !put(&told(&stuck, now, args.json)?)? {
            break;
        }
    }
    if !args.json {
        put(&format!("{found} transfers are past their deadline"))?;
    }
    transfers.close().await;
    accounts.close().await;
    Ok(if found == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn overdue(transfers: &Arc<dyn EventStore>, now: DateTime<Utc>) -> Result<Vec<Uuid>, Failure> {
    let pending = transfers.due(MoneyTransfer::TYPE, now + AHEAD, AT_MOST).await.map_err(failed)?;
    Ok(pending.into_iter().map(|(id, _)| id).collect())
}

fn told(stuck: &Stuck, now: DateTime<Utc>, json: bool) -> Result<String, Failure> {
    if json {
        return serde_json::to_string(stuck).map_err(Failure::start);
    }
    Ok(format!(
        "{}  {}  {} past its deadline  {}  {}",
        stuck.transfer_id,
        stuck.state,
        words::pause(now - stuck.deadline),
        stuck.stopped_at,
        stuck.whereabouts,
    ))
}

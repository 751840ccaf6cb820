//! `bank transfer`: one transfer over all services, hop by hop.
//!
//! Invariant: only what is recorded is told. Nobody records when a message was published or read, so that these hops have
//! a state and no time; an event that another names as its cause was read before that one was recorded.

use std::process::ExitCode;

use account_history::store::Reader as Views;
use chrono::{DateTime, Utc};
use clap::Args;
use domain::Aggregate;
use domain::account::Account;
use domain::transfer::{RefusalReason, TransferStatus};
use event_store::RecordedEvent;
use serde::Serialize;
use service_kit::Failure;
use service_kit::settings::CommonArgs;
use uuid::Uuid;

use super::facts::Facts;
use super::stop::{Stop, Surroundings};
use super::{failed, put, words};
use crate::cli::settings;
use crate::parts::Urls;

/// What `bank transfer` may be told.
#[derive(Debug, Args)]
pub(crate) struct TransferArgs {
    /// The transfer
    id: Uuid,
    /// The timeline as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: CommonArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Timeline {
    transfer_id: Uuid,
    state: TransferStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<RefusalReason>,
    whereabouts: String,
    deadline: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<Stop>,
    hops: Vec<Hop>,
    version: i64,
    /// How many events of the transfer the view has; none before the first.
    view_version: i64,
    /// How many messages the views' reader is behind.
    view_lag: u64,
    dead_letters: Vec<Letters>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Hop {
    at: DateTime<Utc>,
    pause_milliseconds: i64,
    service: &'static str,
    stream: Uuid,
    version: i64,
    event_type: String,
    changes: String,
    event_id: Uuid,
    command_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    caused_by: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    published: bool,
    consumed: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Letters {
    service: &'static str,
    key: String,
    reason: String,
    letters: u64,
}

/// Prints the timeline.
///
/// # Errors
/// When there is no such transfer, or a store cannot be read.
pub(crate) async fn run(args: TransferArgs) -> Result<ExitCode, Failure> {
    let config = settings(&args.settings)?;
    let urls = Urls::of(&config);
    let transfers = urls.read_transfers_store().await.map_err(failed)?;
    let accounts = urls.read_accounts_store().await.map_err(failed)?;
    // First, so that an unknown id is told whatever else is down.
    let facts = Facts::gather(&transfers, &accounts, args.id).await?;
    let surroundings = Surroundings::look(&config, &accounts, &transfers).await?;
    let views = urls.read_views().await.map_err(failed)?;
    let view = Views::new(std::sync::Arc::clone(&views)).transfer(facts.id).await.map_err(failed)?;
    views.close().await;
    transfers.close().await;
    accounts.close().await;
    let timeline = timeline(&facts, &surroundings, view.map_or(0, |view| view.transfer.version.0));
    if args.json {
        put(&serde_json::to_string(&timeline).map_err(Failure::start)?)?;
    } else {
        as_text(&timeline, &facts)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn timeline(facts: &Facts, surroundings: &Surroundings, view_version: i64) -> Timeline {
    let events = facts.in_order();
    let mut before: Option<DateTime<Utc>> = None;
    let mut hops = Vec::with_capacity(events.len());
    for event in &events {
        let pause = before.map_or(0, |before| (event.recorded_at - before).num_milliseconds());
        before = Some(event.recorded_at);
        hops.push(hop(event, &events, surroundings, pause));
    }
    let details = &facts.transfer.details;
    let keys = [facts.id.0, details.from_account_id.0, details.to_account_id.0].map(|key| key.to_string());
    let dead_letters = surroundings.parked.iter().filter(|(_, parked)| keys.contains(&parked.key));
    Timeline {
        transfer_id: facts.id.0,
        state: facts.transfer.status(),
        reason: facts.transfer.reason(),
        whereabouts: facts.whereabouts(),
        deadline: details.deadline,
        stopped_at: surroundings.stop_of(facts),
        hops,
        version: facts.events.last().map_or(0, |last| last.version.0),
        view_version,
        view_lag: surroundings.history_lag,
        dead_letters: dead_letters
            .map(|(service, parked)| Letters {
                service,
                key: parked.key.clone(),
                reason: parked.reason.clone(),
                letters: parked.letters,
            })
            .collect(),
    }
}

fn hop(event: &RecordedEvent, all: &[&RecordedEvent], surroundings: &Surroundings, pause: i64) -> Hop {
    let is_of_account = event.stream.aggregate_type == Account::TYPE;
    Hop {
        at: event.recorded_at,
        pause_milliseconds: pause,
        service: if is_of_account { "accounts" } else { "transfers" },
        stream: event.stream.aggregate_id,
        version: event.version.0,
        event_type: event.event_type.clone(),
        changes: words::changes(event, None),
        event_id: event.event_id,
        command_id: event.command_id,
        caused_by: event.metadata.causation_id,
        actor: event.metadata.actor.clone(),
        published: !surroundings.unpublished.contains(&event.event_id),
        consumed: all.iter().any(|later| later.metadata.causation_id == Some(event.event_id)),
    }
}

fn as_text(timeline: &Timeline, facts: &Facts) -> Result<(), Failure> {
    let details = &facts.transfer.details;
    put(&format!(
        "transfer {}: {} from account {} to account {}",
        timeline.transfer_id,
        words::money(details.money),
        details.from_account_id,
        details.to_account_id
    ))?;
    for hop in &timeline.hops {
        let way = match (hop.published, hop.consumed) {
            (false, _) => "in the outbox",
            (true, false) => "published",
            (true, true) => "published and consumed",
        };
        put(&format!(
            "  {}  +{:<8} {:<9} {} (version {})  command {}{}  {way}",
            words::time(hop.at),
            words::pause(chrono::TimeDelta::milliseconds(hop.pause_milliseconds)),
            hop.service,
            hop.event_type,
            hop.version,
            words::short(hop.command_id),
            hop.actor.as_ref().map(|actor| format!(" by {actor}")).unwrap_or_default(),
        ))?;
    }
    put(&view_line(timeline))?;
    for waiting in &timeline.dead_letters {
        put(&format!(
            "dead letters at {}: {} messages of {} wait: {}",
            waiting.service, waiting.letters, waiting.key, waiting.reason
        ))?;
    }
    if let Some(stop) = &timeline.stopped_at {
        put(&format!("waits: {stop}; its deadline is {}", words::time(timeline.deadline)))?;
    }
    let reason = timeline.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    put(&format!("{}{reason}: {}", timeline.state, timeline.whereabouts))?;
    Ok(())
}

fn view_line(timeline: &Timeline) -> String {
    match (timeline.view_version, timeline.version) {
        (0, _) => {
            format!("the view has nothing of it; account-history is {} messages behind", timeline.view_lag)
        }
        (view, version) if view >= version => format!("the view has version {view}"),
        (view, version) => format!(
            "the view has version {view} of {version}; account-history is {} messages behind",
            timeline.view_lag
        ),
    }
}

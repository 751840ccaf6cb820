//! `bank dead-letters`: what nobody could handle, in all services, and having it handled again.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use messaging::dead_letter::BEHIND;
use messaging::{DeadLetter, ParkedKey};
use serde::Serialize;
use serde_json::{Value, json};
use service_kit::Failure;
use service_kit::settings::CommonArgs;
use uuid::Uuid;

use super::{failed, put, words};
use crate::cli::settings;
use crate::config::Config;
use crate::parts::Urls;
use crate::redrive::{self, Reader, RedriveArgs};

/// What `bank dead-letters` may be told.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct DeadLettersArgs {
    #[command(subcommand)]
    command: Option<DeadLettersCommand>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Subcommand)]
enum DeadLettersCommand {
    /// List what waits, the keys of all services (what `bank dead-letters` alone does); exit status 1 when anything does
    List(ListArgs),
    /// Show the messages of one aggregate that wait, or the one with this event: headers and payload
    Show(ShowArgs),
    /// Replay messages in order, those of one key or all of a service (as `bank redrive`)
    Redrive(RedriveArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    /// One JSON object a key
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: CommonArgs,
}

#[derive(Debug, Args)]
struct ShowArgs {
    /// The aggregate whose messages wait, or an event among them
    id: Uuid,
    /// One JSON object a message
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: CommonArgs,
}

/// Lists, shows or replays.
///
/// # Errors
/// When the letters cannot be read, or none has the id.
pub(crate) async fn run(args: DeadLettersArgs) -> Result<ExitCode, Failure> {
    match args.command {
        None => list(&args.list).await,
        Some(DeadLettersCommand::List(args)) => list(&args).await,
        Some(DeadLettersCommand::Show(args)) => show(&args).await,
        Some(DeadLettersCommand::Redrive(args)) => redrive::run(args).await,
    }
}

/// A key that waits, and the message that it waits for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Waiting {
    service: &'static str,
    subscription: String,
    key: String,
    topic: String,
    partition: i32,
    offset: i64,
    event_type: Option<String>,
    since: chrono::DateTime<chrono::Utc>,
    reason: String,
    behind: u64,
    redrive_requested: bool,
}

async fn list(args: &ListArgs) -> Result<ExitCode, Failure> {
    let config = settings(&args.settings)?;
    let urls = Urls::of(&config);
    let mut waiting = Vec::new();
    for reader in Reader::ALL {
        let id = reader.subscription_id(&config);
        let letters = reader.letters(&urls).await?;
        for parked in letters.parked(id).await.map_err(failed)? {
            let of_key = letters.list(id, Some(&parked.key)).await.map_err(failed)?;
            waiting.extend(first_of(reader, id, &parked, &of_key));
        }
    }
    for key in &waiting {
        let line = if args.json { serde_json::to_string(key).map_err(Failure::start)? } else { told(key) };
        if !put(&line)? {
            break;
        }
    }
    if !args.json {
        put(&format!("{} keys wait", waiting.len()))?;
    }
    Ok(if waiting.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Nothing, when the key was freed meanwhile.
fn first_of(reader: Reader, id: &str, parked: &ParkedKey, letters: &[DeadLetter]) -> Option<Waiting> {
    let of_topic = || letters.iter().filter(|letter| letter.delivery.position.topic == parked.topic);
    let first = of_topic().find(|letter| letter.reason != BEHIND).or_else(|| of_topic().next())?;
    let position = &first.delivery.position;
    Some(Waiting {
        service: reader.service(),
        subscription: id.to_owned(),
        key: parked.key.clone(),
        topic: position.topic.clone(),
        partition: position.partition,
        offset: position.offset,
        event_type: first.delivery.message.header("ce_type").map(str::to_owned),
        since: first.parked_at,
        reason: first.reason.clone(),
        behind: parked.letters.saturating_sub(1),
        redrive_requested: parked.redrive_requested,
    })
}

fn told(key: &Waiting) -> String {
    format!(
        "{} ({})  {}  {} partition {} offset {}  {}  since {}: {}; {} more wait behind it{}",
        key.service,
        key.subscription,
        key.key,
        key.topic,
        key.partition,
        key.offset,
        key.event_type.as_deref().unwrap_or("of an unknown type"),
        words::time(key.since),
        one_line(&key.reason),
        key.behind,
        if key.redrive_requested { "; a redrive is asked for" } else { "" },
    )
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn show(args: &ShowArgs) -> Result<ExitCode, Failure> {
    let config = settings(&args.settings)?;
    let found = find(&config, &args.id.to_string()).await?;
    if found.is_empty() {
        return Err(Failure::start(format!("no message of {} waits in any service", args.id)));
    }
    for (service, letter) in &found {
        if args.json {
            put(&document(service, letter).to_string())?;
        } else {
            put(&shown(service, letter))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn find(config: &Config, id: &str) -> Result<Vec<(&'static str, DeadLetter)>, Failure> {
    let urls = Urls::of(config);
    let mut found = Vec::new();
    for reader in Reader::ALL {
        let letters = reader.letters(&urls).await?;
        let all = letters.list(reader.subscription_id(config), None).await.map_err(failed)?;
        let named =
            |letter: &DeadLetter| letter.key == id || letter.delivery.message.header("ce_id") == Some(id);
        found.extend(all.into_iter().filter(named).map(|letter| (reader.service(), letter)));
    }
    Ok(found)
}

/// The payload as it is: what is personal in it is sealed.
fn document(service: &str, letter: &DeadLetter) -> Value {
    let message = &letter.delivery.message;
    let position = &letter.delivery.position;
    let text = || Value::String(String::from_utf8_lossy(&message.payload).into_owned());
    let payload = serde_json::from_slice(&message.payload).unwrap_or_else(|_| text());
    let headers: serde_json::Map<String, Value> =
        message.headers.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect();
    json!({
        "service": service,
        "subscription": letter.subscription_id,
        "key": letter.key,
        "topic": position.topic,
        "partition": position.partition,
        "offset": position.offset,
        "since": letter.parked_at,
        "reason": letter.reason,
        "headers": headers,
        "payload": payload,
    })
}

fn shown(service: &str, letter: &DeadLetter) -> String {
    let position = &letter.delivery.position;
    let mut text = format!(
        "{service} ({}): {} partition {} offset {}, since {}: {}",
        letter.subscription_id,
        position.topic,
        position.partition,
        position.offset,
        words::time(letter.parked_at),
        one_line(&letter.reason)
    );
    for (name, value) in &letter.delivery.message.headers {
        text += &format!("\n  {name}: {}", value.escape_debug());
    }
    text + &format!("\n  {}", document(service, letter)["payload"])
}

//! `bank events`: one stream, a line an event, and what comes to it.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use domain::Aggregate;
use domain::account::Account;
use domain::aggregates::aggregate_of;
use domain::bulk_transfer::BulkTransfer;
use domain::customer::Customer;
use domain::money::Currency;
use domain::order::TransferOrder;
use domain::transfer::MoneyTransfer;
use event_store::{EventStore, RecordedEvent, StreamId, Until, Version};
use service_kit::Failure;
use service_kit::settings::CommonArgs;
use uuid::Uuid;

use super::{failed, put, unknown, words};
use crate::cli::settings;
use crate::parts::Urls;

/// How often the store is looked at when no notice comes: a file that is read here only tells of its own commits.
const LOOK: Duration = Duration::from_millis(300);

/// What `bank events` may be told.
#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    /// An account, transfer, bulk transfer, order or customer
    id: Uuid,
    /// Go on with what is appended, until interrupted
    #[arg(long)]
    follow: bool,
    /// One recorded event a line, as JSON
    #[arg(long)]
    json: bool,
    /// Only events of this type, such as AccountDebited; may be repeated
    #[arg(long = "type", value_name = "TYPE", value_parser = known_type)]
    types: Vec<String>,
    #[command(flatten)]
    settings: CommonArgs,
}

fn known_type(name: &str) -> Result<String, String> {
    match aggregate_of(name) {
        Some(_) => Ok(name.to_owned()),
        None => Err("expected an event type of docs/asyncapi.json, such as AccountDebited".to_owned()),
    }
}

/// Prints the stream.
///
/// # Errors
/// When nothing has this id, or a store cannot be read.
pub(crate) async fn run(args: EventsArgs) -> Result<ExitCode, Failure> {
    let config = settings(&args.settings)?;
    let interrupted = service_kit::shutdown::signals();
    let (store, stream) = find(&Urls::of(&config), args.id).await?;
    let mut printer = Printer { args, store, stream, last: Version::NONE, currency: None };
    let mut notices = printer.store.notices();
    let mut open = printer.print_new().await?;
    while printer.args.follow && open {
        tokio::select! {
            () = interrupted.cancelled() => break,
            // Lagged or closed: the next look finds what was missed.
            Ok(_) = notices.recv() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
        open = printer.print_new().await?;
    }
    printer.store.close().await;
    Ok(ExitCode::SUCCESS)
}

struct Printer {
    args: EventsArgs,
    store: Arc<dyn EventStore>,
    stream: StreamId,
    last: Version,
    currency: Option<Currency>,
}

impl Printer {
    /// False when whoever reads has read enough.
    async fn print_new(&mut self) -> Result<bool, Failure> {
        for event in self.store.load(&self.stream, self.last, Until::Latest).await.map_err(failed)? {
            self.last = event.version;
            self.currency = words::currency_of(&event).or(self.currency);
            if self.is_asked_for(&event) && !put(&self.told(&event)?)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_asked_for(&self, event: &RecordedEvent) -> bool {
        self.args.types.is_empty() || self.args.types.contains(&event.event_type)
    }

    fn told(&self, event: &RecordedEvent) -> Result<String, Failure> {
        if self.args.json {
            serde_json::to_string(event).map_err(Failure::start)
        } else {
            Ok(words::line(event, self.currency))
        }
    }
}

/// Which store has it.
async fn find(urls: &Urls, id: Uuid) -> Result<(Arc<dyn EventStore>, StreamId), Failure> {
    let stores = [
        (urls.read_accounts_store().await, [Account::TYPE].as_slice()),
        (urls.read_transfers_store().await, &[MoneyTransfer::TYPE, BulkTransfer::TYPE, TransferOrder::TYPE]),
        (urls.read_customers_store().await, &[Customer::TYPE]),
    ];
    for (store, aggregate_types) in stores {
        let store = store.map_err(failed)?;
        for aggregate_type in aggregate_types {
            if store.versions(aggregate_type, &[id]).await.map_err(failed)? != [Version::NONE] {
                return Ok((store, StreamId::new(*aggregate_type, id)));
            }
        }
        store.close().await;
    }
    Err(unknown("account, transfer, bulk transfer, order or customer", id))
}

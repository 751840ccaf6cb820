//! What an operator does about a transfer that does not get on: a command to the transfer, recorded as its event.
//!
//! Safe beside the sweeper, another operator and the real answer: the account decides, under the pending step's own
//! command id, and whichever comes first is the answer to all.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use domain::Aggregate;
use domain::text::{Actor, InvalidText, Memo};
use domain::transfer::{Intervention, MoneyTransfer, TransferCommand, TransferRefusal};
use event_store::{
    Clock, CommandContext, Commands, ExecuteError, Metadata, Repository, StreamId, SystemClock, Until,
    Version,
};
use service_kit::Failure;
use service_kit::backends::open_store;
use service_kit::settings::CommonArgs;
use uuid::Uuid;

use super::{failed, put, unknown};
use crate::cli::settings;
use crate::parts::Urls;

/// Which transfer, who intervenes, and why.
#[derive(Debug, Args)]
pub(crate) struct InterventionArgs {
    /// The transfer
    id: Uuid,
    /// Your name, which is recorded with it
    #[arg(long, value_name = "NAME", value_parser = operator)]
    operator: Actor,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<Memo>,
    #[command(flatten)]
    settings: CommonArgs,
}

fn operator(name: &str) -> Result<Actor, InvalidText> {
    Actor::operator(name)
}

/// Has the transfer record the intervention; what comes of it is the account's to say.
///
/// # Errors
/// When there is no such transfer, or it does not allow it.
pub(super) async fn run(args: InterventionArgs, intervention: Intervention) -> Result<ExitCode, Failure> {
    let config = settings(&args.settings)?;
    let url = Urls::existing(&Urls::of(&config).transfers_store)?;
    let store = open_store("transfers_store", &url).await.map_err(failed)?;
    let stream = StreamId::new(MoneyTransfer::TYPE, args.id);
    let first = store.load(&stream, Version::NONE, Until::Version(Version(1))).await.map_err(failed)?;
    let correlation_id = first.first().ok_or_else(|| unknown("transfer", args.id))?.metadata.correlation_id;
    let metadata = Metadata { correlation_id, actor: Some(args.operator.to_string()), ..Metadata::default() };
    let context = CommandContext { metadata, ..CommandContext::new(Uuid::now_v7()) };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let now = clock.now();
    let repository = Repository::<MoneyTransfer>::new(Arc::clone(&store), clock, config.snapshot_every);
    let InterventionArgs { id, operator: actor, reason, .. } = args;
    let command = TransferCommand::Intervene { actor, intervention, reason, now };
    let executed = Commands::direct(repository).execute(id, command, context).await;
    store.close().await;
    let executed = executed.map_err(|error| refused(id, error))?;
    put(&format!(
        "recorded as version {} of transfer {id}; the account's answer ends it: see `bank transfer {id}`",
        executed.version.0
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn refused(id: Uuid, error: ExecuteError<TransferRefusal>) -> Failure {
    match error {
        ExecuteError::Refused { refusal: TransferRefusal::TransferNotFound, .. } => unknown("transfer", id),
        ExecuteError::Refused { refusal, .. } => Failure::start(refusal),
        error => Failure::start(error),
    }
}

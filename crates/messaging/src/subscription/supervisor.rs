//! Joins the group, again and again, until shutdown.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::session::{End, Session};
use crate::backoff::{Backoff, worth_logging};
use crate::bus::{BusError, Source};

pub(super) async fn run(context: Arc<Context>, shutdown: CancellationToken) {
    let mut failures = 0;
    while !shutdown.is_cancelled() {
        let joined = tokio::select! {
            () = shutdown.cancelled() => return,
            joined = join(&context) => joined,
        };
        match joined {
            Ok(source) => {
                tracing::info!(subscription = context.id(), "joined its group");
                let session = Session::new(Arc::clone(&context), source);
                match session.run(&shutdown).await {
                    End::Shutdown => return,
                    End::Stalled => tracing::error!(subscription = context.id(), "stalled, joining anew"),
                    End::Lost { error, was_useful } => {
                        failures = if was_useful { 1 } else { failures + 1 };
                        report(&context, failures, &error);
                    }
                }
            }
            Err(error) => {
                failures += 1;
                report(&context, failures, &error);
            }
        }
        if failures > 0 {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(Backoff::CONNECTION.pause(failures)) => {}
            }
        }
    }
}

async fn join(context: &Context) -> Result<Box<dyn Source>, BusError> {
    let topics = context.topics();
    context.bus.ensure_topics(&topics).await?;
    context.bus.consume(context.id(), &topics).await
}

fn report(context: &Context, failures: u32, error: &BusError) {
    if worth_logging(failures) {
        tracing::warn!(subscription = context.id(), %error, failures, "not in its group, joining anew");
    }
}

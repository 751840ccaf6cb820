//! An exporter that never troubles the service: it works on the process's runtime, gives up soon, and says once that the
//! collector is away and once that it is back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metrics::counter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tokio::runtime::Handle;

/// How long a collector may take for one batch.
const PATIENCE: Duration = Duration::from_secs(2);

/// Exports by `E`. Whatever comes of it, the caller is told that all is well: the batch is gone either way.
#[derive(Debug)]
pub(super) struct Quiet<E> {
    exporter: Arc<E>,
    endpoint: String,
    /// The exporter is called by a thread that is none of this runtime's, and its client needs one.
    runtime: Handle,
    is_away: AtomicBool,
}

impl<E> Quiet<E> {
    pub(super) fn new(exporter: E, endpoint: String, runtime: Handle) -> Self {
        Self { exporter: Arc::new(exporter), endpoint, runtime, is_away: AtomicBool::new(false) }
    }

    fn note(&self, spans: u64, outcome: &OTelSdkResult) {
        match outcome {
            Ok(()) => {
                counter!("bank_spans_exported_total").increment(spans);
                if self.is_away.swap(false, Ordering::Relaxed) {
                    tracing::info!(collector = self.endpoint, "the collector takes spans again");
                }
            }
            Err(error) => {
                counter!("bank_spans_lost_total").increment(spans);
                if !self.is_away.swap(true, Ordering::Relaxed) {
                    let collector = &self.endpoint;
                    tracing::warn!(collector, %error, "the collector takes no spans; they are lost until it does");
                }
            }
        }
    }
}

impl<E: SpanExporter + 'static> SpanExporter for Quiet<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        let exporter = Arc::clone(&self.exporter);
        let sent = self.runtime.spawn(async move {
            let sent = tokio::time::timeout(PATIENCE, exporter.export(batch)).await;
            sent.unwrap_or(Err(OTelSdkError::Timeout(PATIENCE)))
        });
        let outcome =
            sent.await.unwrap_or_else(|error| Err(OTelSdkError::InternalFailure(error.to_string())));
        self.note(spans, &outcome);
        Ok(())
    }

    fn set_resource(&mut self, resource: &Resource) {
        // Called once, before anything is exported, so that nobody else holds the exporter yet.
        if let Some(exporter) = Arc::get_mut(&mut self.exporter) {
            exporter.set_resource(resource);
        }
    }
}

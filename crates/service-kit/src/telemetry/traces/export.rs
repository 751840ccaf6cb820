//! OTLP over HTTP, in batches, by OpenTelemetry's SDK.

use std::time::Duration;

use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider};
use tokio::runtime::Handle;
use trace_context::Propagation;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

use super::quiet::Quiet;
use crate::app::About;

/// How often what has ended is sent.
const PERIOD: Duration = Duration::from_millis(500);
/// Spans of one message to the collector.
const BATCH: usize = 512;
/// Spans that may wait to be sent; more are lost.
const QUEUE: usize = 8192;
/// How long the last spans may take.
const LAST: Duration = Duration::from_secs(3);

/// What sends the spans of this process.
pub(super) struct Export {
    provider: SdkTracerProvider,
}

impl Export {
    /// Must be called within a Tokio runtime, which the spans are sent on.
    pub(super) fn new(service: &About, endpoint: &str, sample: f64) -> Result<Self, String> {
        let runtime = Handle::try_current().map_err(|error| error.to_string())?;
        // Like the services among themselves: the collector is reached directly.
        let client = reqwest::Client::builder().no_proxy().build().map_err(|error| error.to_string())?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint)
            .build()
            .map_err(|error| error.to_string())?;
        let batches = BatchConfigBuilder::default()
            .with_scheduled_delay(PERIOD)
            .with_max_export_batch_size(BATCH)
            .with_max_queue_size(QUEUE)
            .build();
        let exporter = Quiet::new(exporter, endpoint.to_owned(), runtime);
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(sample))))
            .with_resource(resource(service))
            .build();
        Ok(Self { provider })
    }

    /// Takes the spans that are made to be exported, and nothing else. Their attributes are those that are written down
    /// where a span is made.
    pub(super) fn layer<S>(&self) -> Box<dyn Layer<S> + Send + Sync>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("bank"))
            .with_context_activation(false)
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|of| of.is_span() && of.target() == trace_context::TARGET))
            .boxed()
    }

    pub(super) async fn flush(self) {
        // It waits for a thread, so that it must not hold up this one.
        let ended = tokio::task::spawn_blocking(move || self.provider.shutdown_with_timeout(LAST)).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::debug!("the last spans were not all sent");
        }
    }
}

fn resource(service: &About) -> Resource {
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", service.name),
            KeyValue::new("service.namespace", "bank"),
            KeyValue::new("service.version", service.version),
            KeyValue::new("service.instance.id", Uuid::now_v7().to_string()),
        ])
        .build()
}

/// W3C Trace Context on spans of OpenTelemetry. `tracestate` is passed on beside it and exported nowhere: it says what
/// others want it to.
pub(super) struct W3c;

impl Propagation for W3c {
    fn continue_from(&self, span: &Span, traceparent: &str) {
        if let Some(parent) = parent(traceparent) {
            // Refused only by a span that nobody exports.
            let _ = span.set_parent(Context::new().with_remote_span_context(parent));
        }
    }

    fn traceparent(&self, span: &Span) -> Option<String> {
        let context = span.context();
        let of = context.span().span_context().clone();
        let (trace, span, flags) = (of.trace_id(), of.span_id(), of.trace_flags());
        of.is_valid().then(|| format!("00-{trace}-{span}-{flags:02x}"))
    }
}

fn parent(traceparent: &str) -> Option<SpanContext> {
    let mut fields = traceparent.split('-').skip(1);
    let trace = TraceId::from_hex(fields.next()?).ok()?;
    let span = SpanId::from_hex(fields.next()?).ok()?;
    let flags = u8::from_str_radix(fields.next()?, 16).ok()?;
    let context = SpanContext::new(trace, span, TraceFlags::new(flags), true, TraceState::NONE);
    context.is_valid().then_some(context)
}

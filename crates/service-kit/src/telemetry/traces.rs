//! The spans of this process, on their way to a collector.

#[cfg(feature = "otlp")]
mod export;
#[cfg(feature = "otlp")]
mod quiet;

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::app::About;
use crate::settings::{ServerSettings, SettingsError};

/// What exports spans, if anything does.
#[derive(Default)]
pub struct Traces {
    #[cfg(feature = "otlp")]
    export: Option<export::Export>,
}

impl Traces {
    /// What the settings `traces` and `traces_sample` ask for. Nothing is sent before [`Traces::layer`] is installed.
    #[cfg(feature = "otlp")]
    pub(super) fn of(service: &About, settings: &ServerSettings) -> Result<Self, SettingsError> {
        let Some(endpoint) = settings.traces.endpoint() else {
            return Ok(Self::default());
        };
        let export = export::Export::new(service, endpoint, settings.traces_sample.get());
        let export = export.map_err(|reason| SettingsError::invalid("traces", reason))?;
        Ok(Self { export: Some(export) })
    }

    #[cfg(not(feature = "otlp"))]
    pub(super) fn of(_service: &About, settings: &ServerSettings) -> Result<Self, SettingsError> {
        let refusal =
            "this build cannot send spans: build it with the cargo feature `distributed`, or leave it empty";
        match settings.traces.endpoint() {
            None => Ok(Self::default()),
            Some(_) => Err(SettingsError::invalid("traces", refusal)),
        }
    }

    /// What hands spans to the exporter; none when nothing is exported.
    #[cfg(feature = "otlp")]
    pub(super) fn layer<S>(&self) -> Option<Box<dyn Layer<S> + Send + Sync>>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        self.export.as_ref().map(export::Export::layer)
    }

    #[cfg(not(feature = "otlp"))]
    pub(super) fn layer<S>(&self) -> Option<Box<dyn Layer<S> + Send + Sync>>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        None
    }

    /// From now on the libraries make spans. Only once the layer is installed: before, nobody takes them.
    pub(super) fn begin(&self) {
        #[cfg(feature = "otlp")]
        if self.export.is_some() {
            trace_context::install(export::W3c);
        }
    }

    /// Sends what is left, for at most a few seconds; what a collector does not take by then is lost.
    pub async fn flush(self) {
        #[cfg(feature = "otlp")]
        if let Some(export) = self.export {
            export.flush().await;
        }
    }
}

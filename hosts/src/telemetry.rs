//! What a process tells of itself: log lines, metrics, traces.

mod logs;
mod metrics;
mod traces;

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tracing::Span;

use crate::{
    config::TelemetrySettings,
    http::{
        observer::{Finished, Observer},
        page::Page,
        route::Route,
    },
};

pub use metrics::Metrics;
use traces::Traces;

/// How often what was measured is put together, so that it does not pile up between two looks.
const UPKEEP: Duration = Duration::from_secs(5);

/// Why a process can't tell of itself.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error("GROUNDWORK_LOG is not a valid filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Traces can't be exported.
    #[error("traces can't be sent to OTEL_EXPORTER_OTLP_ENDPOINT: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// Something else in this process took one of the places first.
    #[error("logs are set up already: {0}")]
    Logs(#[from] tracing::subscriber::SetGlobalDefaultError),
    /// As [`Self::Logs`], for metrics.
    #[error("metrics are set up already")]
    Metrics,
}

/// The telemetry of this process.
pub struct Telemetry {
    metrics: Arc<Metrics>,
    traces: Option<Traces>,
}

impl Telemetry {
    /// Sets it up, once per process.
    ///
    /// # Errors
    /// [`TelemetryError`].
    pub fn start(settings: &TelemetrySettings) -> Result<Self, TelemetryError> {
        let traces = settings.otlp_endpoint.as_deref().map(Traces::to).transpose()?;
        logs::install(&settings.log, settings.format, traces.as_ref())?;
        Ok(Self { metrics: Metrics::shared()?, traces })
    }

    /// Metrics alone, shared by all hosts of this process: for processes that run several.
    ///
    /// # Errors
    /// [`TelemetryError::Metrics`].
    pub fn measuring() -> Result<Self, TelemetryError> {
        Ok(Self { metrics: Metrics::shared()?, traces: None })
    }

    /// Measures and traces requests.
    #[must_use]
    pub fn observer(&self) -> Arc<dyn Observer> {
        Arc::new(Watching { traced: self.traces.is_some() })
    }

    /// What is measured; more can be added.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
    }

    /// The page that Prometheus reads.
    #[must_use]
    pub fn pages(&self) -> Vec<Page> {
        vec![self.metrics.page()]
    }

    /// Looks after it until `stop` turns true, then sends the traces that are left.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut pulse = tokio::time::interval(UPKEEP);
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                _ = pulse.tick() => self.metrics.keep(),
            }
        }
        if let Some(traces) = self.traces {
            traces.stop().await;
        }
    }
}

struct Watching {
    traced: bool,
}

impl Observer for Watching {
    fn begin(&self, span: &Span, route: &'static Route, incoming: Option<&str>) -> Option<String> {
        let context = if self.traced {
            traces::join(span, route, incoming)
        } else {
            incoming.map(str::to_owned)
        };
        if let Some(id) = context.as_deref().and_then(|context| context.split('-').nth(1)) {
            span.record("trace_id", id);
        }
        context
    }

    fn finished(&self, request: &Finished<'_>) {
        metrics::finished(request);
    }
}

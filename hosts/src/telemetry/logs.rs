//! Log lines.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, Layer, Registry, layer::SubscriberExt};

use super::{TelemetryError, traces::Traces};
use crate::config::LogFormat;

/// Writes log lines to standard error, where they do not mix with what commands print. Lines
/// within a request carry its correlation and trace id.
pub fn install(
    filter: &str,
    format: LogFormat,
    traces: Option<&Traces>,
) -> Result<(), TelemetryError> {
    let filter = EnvFilter::builder().parse(filter)?;
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Text => {
            let colored = std::io::stderr().is_terminal();
            let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
            lines.with_ansi(colored).boxed()
        }
        LogFormat::Json => json(std::io::stderr).boxed(),
    };
    let layers = match traces {
        Some(traces) => lines.and_then(traces.layer()).boxed(),
        None => lines,
    };
    let subscriber = Registry::default().with(layers.with_filter(filter));
    Ok(tracing::subscriber::set_global_default(subscriber)?)
}

/// One object per line.
fn json<W>(writer: W) -> impl Layer<Registry>
where
    W: for<'w> tracing_subscriber::fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer)
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use serde_json::Value;
    use tracing::field::Empty;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("whole").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'w> MakeWriter<'w> for Kept {
        type Writer = Self;
        fn make_writer(&'w self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn a_json_line_carries_correlation_and_trace_id() {
        let kept = Kept::default();
        let subscriber = Registry::default().with(json(kept.clone()));
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("request", correlation = "abc", trace_id = Empty);
            span.record("trace_id", "0af7651916cd43dd8448eb211c80319c");
            span.in_scope(|| tracing::info!(position = 7, "something happened"));
        });
        let line = kept.0.lock().expect("whole").clone();
        let line: Value = serde_json::from_slice(&line).expect("one JSON object");
        assert_eq!(line["message"], "something happened");
        assert_eq!(line["position"], 7);
        assert_eq!(line["span"]["correlation"], "abc");
        assert_eq!(line["span"]["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    }
}

//! Traces, sent by OTLP over HTTP.

use std::time::Duration;

use opentelemetry::{
    Context, KeyValue,
    trace::{
        SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider,
    },
};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, registry::LookupSpan};

use super::TelemetryError;
use crate::http::route::Route;

/// What this product calls itself in traces.
const SERVICE: &str = "groundwork";
/// How long one batch may take to be taken.
const TIMEOUT: Duration = Duration::from_secs(5);

/// An exporter of traces.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends traces to a collector; `endpoint` is its base URL.
    pub fn to(endpoint: &str) -> Result<Self, TelemetryError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(TIMEOUT)
            .build()?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource =
            Resource::builder().with_service_name(SERVICE).with_attribute(version).build();
        Ok(Self(
            SdkTracerProvider::builder()
                .with_batch_exporter(exporter)
                .with_resource(resource)
                .build(),
        ))
    }

    /// Makes traces of spans.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
    {
        tracing_opentelemetry::layer().with_tracer(self.0.tracer(SERVICE))
    }

    /// Sends what is left.
    pub async fn stop(self) {
        // The exporter's own thread is waited for, which must not hold up the runtime.
        match tokio::task::spawn_blocking(move || self.0.shutdown()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last traces could not be sent"),
            Err(error) => tracing::warn!(%error, "traces could not be stopped"),
        }
    }
}

/// Makes the span part of the trace that the caller named, and returns its own trace context.
pub fn join(span: &Span, route: &Route, incoming: Option<&str>) -> Option<String> {
    if let Some(parent) = incoming.and_then(parse) {
        let parent = Context::new().with_remote_span_context(parent);
        if let Err(error) = span.set_parent(parent) {
            tracing::debug!(%error, "a trace could not be continued");
        }
    }
    span.set_attribute("http.route", route.path);
    let context = span.context();
    let context = context.span().span_context().clone();
    context.is_valid().then(|| write(&context))
}

/// Reads a W3C `traceparent`.
fn parse(text: &str) -> Option<SpanContext> {
    let mut parts = text.split('-').skip(1);
    let trace = TraceId::from_hex(parts.next()?).ok()?;
    let span = SpanId::from_hex(parts.next()?).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(parts.next()?, 16).ok()?);
    let context = SpanContext::new(trace, span, flags, true, TraceState::default());
    context.is_valid().then_some(context)
}

fn write(context: &SpanContext) -> String {
    let flags = context.trace_flags().to_u8();
    format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use opentelemetry_sdk::trace::InMemorySpanExporter;
    use tracing_subscriber::{Registry, layer::SubscriberExt};

    use super::*;
    use crate::routes;

    #[test]
    fn a_request_continues_the_trace_of_its_caller() {
        let exporter = InMemorySpanExporter::default();
        let traces =
            Traces(SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build());
        let sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let route = &routes::cars::ROUTES[0];
        let subscriber = Registry::default().with(traces.layer());
        let passed_on = tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("request");
            join(&span, route, Some(sent))
        });
        let finished = exporter.get_finished_spans().expect("some");
        assert_eq!(finished.len(), 1);
        let span = &finished[0];
        assert_eq!(span.parent_span_id.to_string(), "b7ad6b7169203331");
        let own = format!("00-0af7651916cd43dd8448eb211c80319c-{}-01", span.span_context.span_id());
        assert_eq!(passed_on, Some(own));
        assert!(span.attributes.contains(&KeyValue::new("http.route", route.path)));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_left_is_sent_to_the_collector() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let endpoint = format!("http://{}/", listener.local_addr().expect("bound"));
        let collector = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a batch comes");
            let mut head = [0; 1024];
            let read = stream.read(&mut head).expect("readable");
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(answer).expect("writable");
            String::from_utf8_lossy(&head[..read]).into_owned()
        });
        let traces = Traces::to(&endpoint).expect("an exporter");
        let subscriber = Registry::default().with(traces.layer());
        tracing::subscriber::with_default(subscriber, || drop(tracing::info_span!("request")));
        traces.stop().await;
        let head = collector.join().expect("it answered");
        assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("application/x-protobuf"), "{head}");
    }

    #[test]
    fn a_trace_context_without_ids_is_none() {
        let nothing = "00-00000000000000000000000000000000-0000000000000000-01";
        assert_eq!(parse(nothing), None);
    }
}

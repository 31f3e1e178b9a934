//! Where metrics and traces attach to the pipeline.

use std::time::Duration;

use tracing::Span;

use super::route::Route;

/// A request that was answered.
#[derive(Clone, Copy, Debug)]
pub struct Finished<'a> {
    /// The route; `None` for unknown ones and pages.
    pub route: Option<&'static Route>,
    /// The method as sent.
    pub method: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// From the head of the request to the answer.
    pub took: Duration,
}

/// Sees every request.
pub trait Observer: Send + Sync {
    /// A request begins. May set the span's parent from the incoming W3C `traceparent`, and its
    /// field `trace_id`; returns the trace context that events of this request are to carry.
    fn begin(&self, span: &Span, route: &'static Route, incoming: Option<&str>) -> Option<String>;
    /// A request was answered.
    fn finished(&self, request: &Finished<'_>);
}

/// Passes the incoming trace context on and measures nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn begin(&self, _: &Span, _: &'static Route, incoming: Option<&str>) -> Option<String> {
        incoming.map(str::to_owned)
    }
    fn finished(&self, _: &Finished<'_>) {}
}

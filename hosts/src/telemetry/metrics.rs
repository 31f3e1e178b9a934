//! What is counted and measured, for Prometheus.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use actix_web::HttpResponse;
use metrics::{gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use store::db::Db;
use tokio::sync::watch;

use super::TelemetryError;
use crate::http::{observer::Finished, page::Page, site::Site};

/// Where it is served.
const PATH: &str = "/metrics";
/// Upper bounds in seconds, for everything that takes time.
const BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

type Sample = Box<dyn Fn() + Send + Sync>;

/// The metrics of this process.
pub struct Metrics {
    handle: PrometheusHandle,
    samples: Mutex<Vec<Sample>>,
}

impl Metrics {
    /// The metrics of this process; the first call takes them over.
    pub(super) fn shared() -> Result<Arc<Self>, TelemetryError> {
        static SHARED: Mutex<Option<Arc<Metrics>>> = Mutex::new(None);
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(metrics) = &*shared {
            return Ok(metrics.clone());
        }
        let builder = PrometheusBuilder::new().set_buckets(&BUCKETS);
        let recorder = builder.map_err(|_| TelemetryError::Metrics)?.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|_| TelemetryError::Metrics)?;
        let metrics = Arc::new(Self { handle, samples: Mutex::default() });
        *shared = Some(metrics.clone());
        Ok(metrics)
    }

    /// Adds gauges that are set whenever somebody looks.
    pub fn sample(&self, sample: impl Fn() + Send + Sync + 'static) {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(sample));
    }

    /// Adds the connections of a database.
    pub fn watch(&self, name: &'static str, database: Db) {
        self.sample(move || match &database {
            Db::Postgres { reader, .. } => connections(name, reader.connections()),
            Db::Sqlite { reader, .. } => connections(name, reader.connections()),
        });
    }

    /// Adds how far the log is.
    pub fn watch_log(&self, head: watch::Receiver<u64>) {
        #[expect(clippy::cast_precision_loss, reason = "gauges are floats; positions fit 52 bits")]
        self.sample(move || gauge!("groundwork_log_position").set(*head.borrow() as f64));
    }

    /// Adds the requests that are at work.
    pub fn watch_requests(&self, site: Weak<Site>) {
        self.sample(move || {
            let at_work = site.upgrade().map_or(0, |site| site.in_flight());
            gauge!("groundwork_http_requests_in_flight")
                .set(u32::try_from(at_work).unwrap_or(u32::MAX));
        });
    }

    pub(super) fn keep(&self) {
        self.handle.run_upkeep();
    }

    pub(super) fn page(self: &Arc<Self>) -> Page {
        let metrics = self.clone();
        Page::new(PATH, move |_| {
            let text = metrics.render();
            std::future::ready(
                HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text),
            )
        })
    }

    fn render(&self) -> String {
        for sample in self.samples.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            sample();
        }
        self.handle.render()
    }
}

fn connections(database: &'static str, (size, idle): (u32, usize)) {
    let idle = u32::try_from(idle).unwrap_or(u32::MAX).min(size);
    gauge!("groundwork_database_connections", "database" => database, "state" => "idle").set(idle);
    gauge!("groundwork_database_connections", "database" => database, "state" => "used")
        .set(size - idle);
}

/// Measures a request. The number of series is bounded by the routes.
pub(super) fn finished(request: &Finished<'_>) {
    let route = request.route.map_or("none", |route| route.path);
    histogram!(
        "groundwork_http_request_seconds",
        "route" => route,
        "method" => method(request.method),
        "status" => class(request.status)
    )
    .record(request.took);
}

/// Clients can invent methods without end.
fn method(sent: &str) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|known| *known == sent)
        .unwrap_or("other")
}

fn class(status: u16) -> &'static str {
    match status {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_clients_send_does_not_make_series() {
        let recorder =
            PrometheusBuilder::new().set_buckets(&BUCKETS).expect("some").build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            for number in 0..100 {
                finished(&Finished {
                    route: None,
                    method: &format!("M{number}"),
                    status: 404,
                    took: Duration::from_millis(2),
                });
            }
        });
        let text = handle.render();
        let series = "groundwork_http_request_seconds_count{route=\"none\",method=\"other\",status=\"4xx\"} 100";
        assert!(text.contains(series), "{text}");
        assert_eq!(text.matches("_count{").count(), 1, "{text}");
        assert!(text.contains("le=\"0.0025\"} 100"), "{text}");
    }
}

//! Closed-loop load: every caller begins anew as soon as it is answered.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use crate::Outcome;

/// What a run of callers measured.
pub struct Measured {
    /// Answers per second.
    pub rate: f64,
    /// How long answers took, in microseconds.
    pub times: Histogram<u64>,
}

impl Measured {
    /// Milliseconds within which this share of the answers came.
    pub fn millis(&self, quantile: f64) -> f64 {
        Duration::from_micros(self.times.value_at_quantile(quantile)).as_secs_f64() * 1000.0
    }
}

/// Runs so many callers, each with its own state, for a time. `call` is told who calls and how
/// often that caller did so before. The first fifth of the time warms up and isn't counted.
pub async fn run<C, F>(callers: usize, seconds: f64, call: C) -> Outcome<Measured>
where
    C: Fn(usize, u64) -> F + Clone + Send + 'static,
    F: Future<Output = Outcome> + Send,
{
    let begin = Instant::now() + Duration::from_secs_f64(seconds / 5.0);
    let end = begin + Duration::from_secs_f64(seconds);
    let mut tasks: JoinSet<Outcome<Histogram<u64>>> = JoinSet::new();
    for caller in 0..callers {
        let call = call.clone();
        tasks.spawn(async move {
            let mut times = Histogram::new_with_max(60_000_000, 3)?;
            for round in 0.. {
                let started = Instant::now();
                if started >= end {
                    break;
                }
                call(caller, round).await?;
                if started >= begin {
                    let micros = u64::try_from(started.elapsed().as_micros())?;
                    times.saturating_record(micros);
                }
            }
            Ok(times)
        });
    }
    let mut times = Histogram::new_with_max(60_000_000, 3)?;
    while let Some(task) = tasks.join_next().await {
        times.add(task??)?;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
    let rate = times.len() as f64 / begin.elapsed().as_secs_f64();
    Ok(Measured { rate, times })
}

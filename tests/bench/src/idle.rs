//! How much memory an embedded host holds while nobody asks anything.

use std::time::Duration;

use clap::Args as ClapArgs;

use crate::{Outcome, child::Host};

/// What it must stay below.
const LIMIT_KIB: u64 = 40 * 1024;

/// Settings of this benchmark.
#[derive(ClapArgs)]
pub struct Args {
    /// Seconds to wait before memory is measured.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Requests before the second measurement.
    #[arg(long, default_value_t = 1000)]
    requests: usize,
}

/// Measures a fresh host, and again after some requests.
pub async fn run(args: Args) -> Outcome {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let data = data.to_str().ok_or("the path is not UTF-8")?;
    let host = Host::start(&[("GROUNDWORK_DATA", data)]).await?;
    tokio::time::sleep(Duration::from_secs(args.seconds)).await;
    let fresh = host.resident()?;
    for _ in 0..args.requests {
        if !host.answers("/health") {
            return Err("the host stopped answering".into());
        }
    }
    tokio::time::sleep(Duration::from_secs(args.seconds)).await;
    let used = host.resident()?;
    println!(
        "resident memory, embedded: {:.1} MiB idle, {:.1} MiB after {} requests (limit {} MiB)",
        mib(fresh),
        mib(used),
        args.requests,
        LIMIT_KIB / 1024
    );
    host.stop()
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

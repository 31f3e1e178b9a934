//! How the relay catches up when the broker was away for a while and events went on happening.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use adapters::{clock::SystemClock, ids::RandomIds};
use application::ports::ReadModels as _;
use store::relay;
use tokio::task::JoinSet;
use xtask::{proxy::Proxy, rabbitmq::host_of};

use crate::{
    Outcome,
    bus::Broker,
    databases,
    latency::Appending,
    site::{On, Site},
};

/// How long the relay may take to catch up.
const LIMIT: Duration = Duration::from_mins(10);

#[derive(clap::Args)]
pub struct Args {
    /// Seconds that the broker is away.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Events per second, before, during and after it.
    #[arg(long, default_value_t = 2_000.0)]
    rate: f64,
}

/// Cuts the broker off under load, and waits until relay and read models are in step again.
pub async fn run(args: Args) -> Outcome {
    let site = Site::open(On::Postgres, "outage").await?;
    let log = site.log().await?;
    let url = databases::broker();
    let host = host_of(&url).filter(|host| url.contains(host));
    let host = host.ok_or("AMQP_URL is not of the form amqp://user:password@host:port/vhost")?;
    let line = Proxy::start(host.clone())?;
    let broker = Broker::through(&url.replace(&host, &line.address.to_string())).await?;
    let running = site.start_fed(&log, Arc::new(broker.feeds(&log)));
    let relaying = broker.start(&site, &log);
    let appending =
        Appending { log: log.clone(), ids: Arc::new(RandomIds::new(Arc::new(SystemClock))) };
    let rate = args.rate;
    let mut load = JoinSet::new();
    load.spawn(async move { appending.steadily(rate).await });
    let behind = || async { Ok::<_, crate::Error>(log.head().await? - relayed(&site).await?) };
    tokio::time::sleep(Duration::from_secs(5)).await;
    println!("\n{rate:.0} events/s; the relay is {} behind before the outage", behind().await?);
    line.cut();
    tokio::time::sleep(Duration::from_secs(args.seconds)).await;
    let (from, missed) = (relayed(&site).await?, behind().await?);
    line.restore();
    let began = Instant::now();
    println!("{missed} behind after {} s without the broker", args.seconds);
    while behind().await? > 1_000 {
        if began.elapsed() > LIMIT {
            return Err("the relay did not catch up".into());
        }
        if let Some(ended) = load.try_join_next() {
            ended??;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
    let caught = (relayed(&site).await? - from) as f64 / took;
    println!(
        "caught up in {took:.1} s, {caught:.0} events/s: {:.1} times as fast as they arrive",
        caught / rate
    );
    load.shutdown().await;
    if !running.progress.settled(LIMIT).await {
        return Err("the read models did not catch up".into());
    }
    running.stop().await?;
    drop(relaying);
    broker.clean().await?;
    drop(log);
    site.close().await
}

async fn relayed(site: &Site) -> Outcome<u64> {
    Ok(relay::standing(&site.log_db).await?.map_or(0, |standing| standing.position))
}

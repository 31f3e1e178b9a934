//! From the queues of the attached parts into their windows.

use std::{collections::BTreeSet, convert::Infallible, sync::Arc, time::Duration};

use application::ports::BusError;
use futures_util::StreamExt;
use lapin::{
    Channel, Consumer,
    message::Delivery,
    options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, interval, sleep_until},
};

use super::{
    feed::{LIMITS, Part, Shared},
    session::{Ended, Needs, Session},
    wire,
};

/// Who is told nothing for so long consumes anew: perhaps another process is told, or nobody publishes;
/// but the broker does not say that a queue broke, nor that it was deleted then.
const SILENCE: Duration = Duration::from_secs(20);
/// How often members that are gone are noticed.
const TICK: Duration = Duration::from_secs(1);

/// Consumes the attached parts over every connection.
pub(super) struct Consumes(pub Arc<Shared>);

impl Needs for Consumes {
    const NAME: &'static str = "feeds";

    async fn run(&self, session: &Session) -> Result<Infallible, Ended> {
        serve(session, &self.0).await
    }
    fn away(&self, _error: BusError) {
        self.0.away();
    }
}

/// Ends when the consumer of any part does.
async fn serve(session: &Session, shared: &Arc<Shared>) -> Result<Infallible, Ended> {
    let mut parts = shared.parts.subscribe();
    let mut served = BTreeSet::new();
    let mut consumers: JoinSet<Result<u16, Ended>> = JoinSet::new();
    loop {
        let attached = parts.borrow_and_update().clone();
        for part in attached.difference(&served.clone()).copied() {
            let channel = session.connection.create_channel().await?;
            let queue = session.names.group(shared.group, part);
            channel.basic_qos(LIMITS.messages, BasicQosOptions::default()).await?;
            let (tag, options) = ("".into(), BasicConsumeOptions::default());
            let consumer =
                channel.basic_consume(queue, tag, options, FieldTable::default()).await?;
            consumers.spawn(consume(channel, consumer, part, shared.clone()));
            served.insert(part);
        }
        tokio::select! {
            _ = parts.changed() => {}
            Some(ended) = consumers.join_next() => match ended {
                Ok(Ok(part)) => _ = served.remove(&part),
                Ok(Err(ended)) => return Err(ended),
                Err(_) => return Err(stopped()),
            },
        }
    }
}

/// Until the part is detached, or silent.
async fn consume(
    channel: Channel,
    mut deliveries: Consumer,
    number: u16,
    shared: Arc<Shared>,
) -> Result<u16, Ended> {
    let part = shared.part(number);
    let (mut done, mut parts) = (part.done.subscribe(), shared.parts.subscribe());
    let mut tick = interval(TICK);
    part.window().reconnected();
    let mut told = Instant::now();
    loop {
        let due = part.window().due(Instant::now());
        let attached = tokio::select! {
            delivery = deliveries.next() => {
                let Some(delivery) = delivery else { return Err(stopped()) };
                take(&part, number, &shared, &delivery?).await;
                told = Instant::now();
                true
            }
            _ = done.changed() => true,
            _ = tick.tick() => true,
            () = until(due) => true,
            () = detached(&mut parts, number) => false,
        };
        if let Some(tag) = acknowledged(&part, attached) {
            channel.basic_ack(tag, BasicAckOptions { multiple: true }).await?;
        }
        // A consumer that owes acknowledgements may be told nothing because of that.
        let silent = told.elapsed() > SILENCE && part.window().owes_nothing();
        if !attached || silent {
            part.away();
            // Without cancelling first: the next process would get what comes before what goes back.
            channel.close(200, "detached".into()).await?;
            return Ok(number);
        }
    }
}

/// Up to where the broker is told now that it may forget; all there is before it gives a part away.
fn acknowledged(part: &Part, attached: bool) -> Option<u64> {
    let (mut window, now) = (part.window(), Instant::now());
    let is_due = window.due(now).is_some_and(|due| due <= now);
    if is_due || !attached { window.acknowledge(now) } else { None }
}

/// For ever if there is no such time.
async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

async fn take(part: &Part, number: u16, shared: &Shared, delivery: &Delivery) {
    let tag = delivery.delivery_tag;
    match wire::read(delivery, number, shared.settings.partition, &shared.signatures) {
        Ok(incoming) => {
            part.window().take(tag, incoming, Instant::now());
            part.told();
        }
        Err(refusal) => {
            shared.refused.record(delivery, refusal).await;
            part.window().refuse(tag);
        }
    }
}

async fn detached(parts: &mut watch::Receiver<BTreeSet<u16>>, part: u16) {
    let gone = parts.wait_for(|parts| !parts.contains(&part)).await.is_ok();
    if !gone {
        std::future::pending::<()>().await;
    }
}

fn stopped() -> Ended {
    Ended::Given(BusError::Unavailable(
        "RabbitMQ ended a consumer, as when its queue is deleted".to_owned(),
    ))
}

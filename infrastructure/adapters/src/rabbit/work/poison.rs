//! Looking through what was set aside. AMQP has no way to look without taking: the messages are
//! taken, and go back in their order.

use application::ports::{BusError, WorkMessage, WorkQueue};
use lapin::{
    Channel,
    message::Delivery,
    options::{BasicGetOptions, BasicNackOptions},
    types::ShortString,
};

use super::{Desk, RabbitQueues, acknowledge, failure};
use crate::rabbit::{
    publisher::publish,
    wire::{self, again},
};

/// Operators see no more at a time.
const MOST: usize = 1_000;

/// All of them and why, oldest first.
pub(super) async fn all(
    queues: &RabbitQueues,
    desk: &Desk,
    queue: WorkQueue,
) -> Result<Vec<(WorkMessage, String)>, BusError> {
    let channel = desk.look.lock().await;
    let deliveries = take(&channel, queues.names.poison(queue)).await?;
    let seen = deliveries.iter().map(|delivery| describe(queues, delivery, queue)).collect();
    put_back(deliveries).await?;
    Ok(seen)
}

/// Removes every message of an id, and puts it back into work first if it is revived.
pub(super) async fn remove(
    queues: &RabbitQueues,
    desk: &Desk,
    queue: WorkQueue,
    id: &str,
    revive: bool,
) -> Result<bool, BusError> {
    let channel = desk.look.lock().await;
    let deliveries = take(&channel, queues.names.poison(queue)).await?;
    let (found, others): (Vec<_>, Vec<_>) =
        deliveries.into_iter().partition(|delivery| id_of(delivery) == id);
    if let (true, Some(first)) = (revive, found.first()) {
        let message = again(first, queues.names.work(queue), None);
        let channel = desk.publish.lock().await;
        publish(&channel, &[message], ()).await?;
    }
    for delivery in &found {
        acknowledge(delivery).await?;
    }
    put_back(others).await?;
    Ok(!found.is_empty())
}

async fn take(channel: &Channel, queue: ShortString) -> Result<Vec<Delivery>, BusError> {
    let mut deliveries = Vec::new();
    while deliveries.len() < MOST {
        let got = channel.basic_get(queue.clone(), BasicGetOptions::default()).await;
        let Some(got) = got.map_err(failure)? else { break };
        deliveries.push(got.delivery);
    }
    Ok(deliveries)
}

async fn put_back(deliveries: Vec<Delivery>) -> Result<(), BusError> {
    for delivery in deliveries {
        let back = BasicNackOptions { requeue: true, ..BasicNackOptions::default() };
        delivery.nack(back).await.map_err(failure)?;
    }
    Ok(())
}

fn describe(queues: &RabbitQueues, delivery: &Delivery, queue: WorkQueue) -> (WorkMessage, String) {
    match wire::read_work(delivery, queue, &queues.signatures) {
        Ok(message) => {
            let too_often = || "it was delivered too often, and nobody said why".to_owned();
            (message, wire::why(&delivery.properties).unwrap_or_else(too_often))
        }
        Err(refusal) => {
            let body = String::from_utf8_lossy(&delivery.data).into_owned();
            let message =
                WorkMessage { id: id_of(delivery).to_owned(), queue, body, subject: None };
            (message, format!("it was refused: {}", refusal.reason()))
        }
    }
}

fn id_of(delivery: &Delivery) -> &str {
    delivery.properties.message_id().as_ref().map_or("", ShortString::as_str)
}

//! Queues of which the broker has nothing but the name.

use std::time::Duration;

use acceptance::events::Log;
use lapin::{
    BasicProperties, Confirmation, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions},
    types::FieldTable,
};

use super::{Deployment, LIMIT};

/// The broker knows the name, and refuses every use.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queues_that_the_broker_can_not_use_come_back() {
    let broker = tokio::task::block_in_place(xtask::broker::Broker::start_new).unwrap();
    let (url, control) = (broker.url(), broker.control());
    let one: &[&[&str]] = &[&["serve"]];
    let deployment = Deployment::start(one, |environment, _| environment.with("AMQP_URL", &url));
    let deployment = deployment.await;
    let log = Log::Postgres(deployment.database.url.clone());
    let options = ConnectionProperties::default();
    let connection = Connection::connect(&url, options).await.unwrap();
    let takes = async |queue: &str| {
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        let options = BasicPublishOptions { mandatory: true, ..Default::default() };
        let (to, no) = (queue.into(), BasicProperties::default());
        let sent = channel.basic_publish("".into(), to, options, b"not ours", no).await.unwrap();
        // What is deleted meanwhile may never be confirmed.
        let confirmed = tokio::time::timeout(Duration::from_secs(2), sent).await;
        matches!(confirmed, Ok(Ok(Confirmation::Ack(None))))
    };
    let of_events = "domain_events.q0.projectors.v1";
    // Nobody takes the last one's messages, so that only who brings them learns of it.
    for (number, queue) in [of_events, "audits", "smses"].into_iter().enumerate() {
        let name = deployment.broker.name(queue);
        deployment.until(LIMIT, "it is declared", async || takes(&name).await).await;
        tokio::task::block_in_place(|| control.break_queue(&name)).unwrap();
        assert!(!takes(&name).await, "{queue} is broken");
        let work = format!(
            "INSERT INTO work_messages (id, queue, body, enqueued_at) VALUES \
             ('smses_{number:032}', 'smses', '{{}}', '2026-01-01T00:00:00.000000Z')"
        );
        log.try_execute(&work).await.unwrap();
        deployment.register().await;
        deployment.until(LIMIT, queue, async || takes(&name).await).await;
    }
    deployment.published().await;
    let (name, looks) =
        (deployment.broker.name(of_events), QueueDeclareOptions::durable().passive());
    let channel = connection.create_channel().await.unwrap();
    let consumed = async || {
        let queue = channel.queue_declare(name.as_str().into(), looks, FieldTable::default());
        queue.await.is_ok_and(|queue| queue.consumer_count() > 0)
    };
    deployment.until(LIMIT, "somebody consumes it", consumed).await;
    let shown = async || deployment.cars().await.len() == 3;
    deployment.until(LIMIT, "everything is shown", shown).await;
    deployment.environment.run(&["ops", "verify"]).unwrap();
}

//! What the broker refuses is said in one sentence that tells what to do.

use adapters::{
    rabbit::{Publisher, Settings, status},
    secret::Secret,
};
use application::ports::{Bus, BusError, Partition};
use lapin::{options::QueueDeclareOptions, types::FieldTable};

use crate::support::{Place, announced, url};

/// Why a publisher with this URL can't announce.
async fn refusal(place: &Place, url: &str) -> BusError {
    let settings = Settings { url: Secret::new(url), ..place.settings.clone() };
    let publisher = Publisher::start(settings, place.signatures.clone());
    publisher.announce(announced(1..=1)).await.expect_err("refused")
}

/// The broker's own URL with something else in it.
fn changed(change: impl FnOnce(&mut lapin::uri::AMQPUri)) -> String {
    let mut uri: lapin::uri::AMQPUri = url().parse().expect("a URL");
    change(&mut uri);
    uri.to_string()
}

#[tokio::test]
async fn a_wrong_password() {
    let place = Place::new().await;
    let url = changed(|uri| uri.authority.userinfo.password = "hunter2".to_owned());
    let error = refusal(&place, &url).await;
    assert!(matches!(error, BusError::Misconfigured(_)), "{error:?}");
    assert_eq!(
        error.to_string(),
        "RabbitMQ refuses the password of guest, or does not know that user: correct AMQP_URL."
    );
}

#[tokio::test]
async fn a_missing_vhost() {
    let place = Place::new().await;
    let error = refusal(&place, &changed(|uri| uri.vhost = "nowhere".to_owned())).await;
    assert!(matches!(error, BusError::Misconfigured(_)), "{error:?}");
    assert_eq!(
        error.to_string(),
        "RabbitMQ does not let guest use the vhost nowhere: add it (rabbitmqctl add_vhost) and \
         its permissions, or correct AMQP_URL."
    );
}

#[tokio::test]
async fn nobody_there() {
    let place = Place::new().await;
    let error = refusal(&place, "amqp://guest:hunter2@127.0.0.1:1/%2f").await;
    assert!(matches!(error, BusError::Unavailable(_)), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("RabbitMQ does not answer at 127.0.0.1:1 ("), "{text}");
    assert!(text.ends_with("start it, or correct AMQP_URL."), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_queue_with_other_settings() {
    let place = Place::new().await;
    let channel = place.channel().await;
    let name = place.name("emails");
    let classic = QueueDeclareOptions::durable();
    channel
        .queue_declare(name.as_str().into(), classic, FieldTable::default())
        .await
        .expect("made");
    let error = refusal(&place, &url()).await;
    assert!(matches!(error, BusError::Misconfigured(_)), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("delete it, or choose another prefix"), "{text}");
    assert!(text.contains(&name), "{text}");
}

#[tokio::test]
async fn operators_see_versions_and_queues() {
    let place = Place::new().await;
    let before = status(&place.settings).await.expect("a status");
    assert!(before.version.split('.').count() >= 3, "{}", before.version);
    assert!(before.queues.iter().all(|queue| queue.counts.is_none()), "looking changes nothing");
    place.publisher().announce(announced(1..=3)).await.expect("confirmed");
    let after = status(&place.settings).await.expect("a status");
    assert_eq!(after.queues.len(), place.queues().len());
    let names: Vec<_> = after.queues.iter().map(|queue| queue.name.clone()).collect();
    assert_eq!(names, place.queues());
    assert_eq!(place.left("domain_events.q0.reactions.v1").await, 3);
    assert_eq!(place.settings.partition, Partition::ONE);
}

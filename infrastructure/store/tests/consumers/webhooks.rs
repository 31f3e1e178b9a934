//! Notifications of third parties that nobody will repeat any more.

use std::sync::Arc;

use application::ports::{Clock, WebhookNotification, WebhookStatus, Webhooks};
use domain::kernel::Timestamp;
use store::webhooks::{Sweep, WebhookTable};
use time::Duration;

use crate::support::{BOTH, Site};

/// So many days after the beginning.
struct Day(i64);

impl Clock for Day {
    fn now(&self) -> Timestamp {
        Timestamp::MIN.plus(Duration::days(self.0))
    }
}

fn notification(number: u32) -> WebhookNotification {
    WebhookNotification {
        id: format!("webhookevt_a.{number}.aaaaaaaaaaaaaaaaaaaaaaaa"),
        source: "a",
        event_id: number.to_string(),
        event_type: "delivered".into(),
        json_content: "{}".into(),
        proof: Some(format!("proof {number}")),
    }
}

#[tokio::test]
async fn what_is_older_than_any_repetition_is_forgotten_bit_by_bit() {
    for on in BOTH {
        let site = Site::new(on).await;
        let table = |day| WebhookTable::new(site.log_db.clone(), Arc::new(Day(day)));
        for number in 0..501 {
            assert!(table(0).received(&notification(number)).await.unwrap());
        }
        let young = notification(501);
        assert!(table(1).received(&young).await.unwrap());
        table(1).became(&young, WebhookStatus::Processed).await.unwrap();
        let sweep = |day| Sweep::new(site.log_db.clone(), Arc::new(Day(day)));
        assert_eq!(sweep(30).step().await.unwrap(), 0, "{on:?}: they may be repeated");
        let mut forgotten = vec![];
        for _ in 0..3 {
            forgotten.push(sweep(31).step().await.unwrap());
        }
        assert_eq!(forgotten, [500, 1, 0]);
        assert!(!table(31).received(&young).await.unwrap(), "it is done already");
        assert!(table(31).received(&notification(0)).await.unwrap(), "it is new again");
    }
}

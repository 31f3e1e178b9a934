//! What was delivered to subscriptions by message.

use std::sync::Arc;

use application::{
    Result,
    ports::{Clock, Notifications, Recorded},
};
use async_trait::async_trait;

use crate::db::Db;

const DELIVERED: &str = "INSERT INTO event_notifications (position, subscription, delivered_at) \
     VALUES ($1, $2, $3) ON CONFLICT (position) DO UPDATE \
     SET subscription = excluded.subscription, delivered_at = excluded.delivered_at";

/// Notes in the database of the log.
#[derive(Clone)]
pub struct NotificationTable {
    db: Db,
    clock: Arc<dyn Clock>,
}

impl NotificationTable {
    /// In this database.
    #[must_use]
    pub fn new(log: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db: log, clock }
    }
}

#[async_trait]
impl Notifications for NotificationTable {
    async fn delivered(&self, event: &Recorded, subscription: &str) -> Result<()> {
        let values = [event.position.into(), subscription.into(), self.clock.now().into()];
        self.db.execute(DELIVERED, &values).await?;
        Ok(())
    }
}

#[cfg(feature = "testing-only")]
mod testing {
    use application::{
        Result,
        eventing::{message::BusMessage, subscriptions},
        ports::{EventLog, Recorded},
        search::{Direction, Found, Search},
        testing_only::notifications::NotificationView,
    };

    use super::NotificationTable;

    const DRAINED: &str = "INSERT INTO event_notifications (position, subscription, delivered_at) \
         SELECT position, $1, $2 FROM events \
         WHERE position > $3 AND position <= $4 AND aggregate_type <> 'log' \
         ON CONFLICT (position) DO NOTHING";
    const COUNT: &str = "SELECT count(*) AS total FROM event_notifications";
    const OLDEST: &str = "SELECT position, subscription FROM event_notifications \
         ORDER BY position LIMIT $1 OFFSET $2";
    const NEWEST: &str = "SELECT position, subscription FROM event_notifications \
         ORDER BY position DESC LIMIT $1 OFFSET $2";

    impl NotificationTable {
        /// Notes that every subscription has had what is between two positions, the last of them
        /// at last. What was delivered by message before keeps its note.
        ///
        /// # Errors
        /// If the database can't be written.
        pub async fn drained(&self, after: u64, through: u64) -> Result<()> {
            let last = subscriptions::AREAS.last().map(|area| subscriptions::name(area));
            let (last, now) = (last.unwrap_or_default(), self.clock.now());
            let values = [last.as_str().into(), now.into(), after.into(), through.into()];
            self.db.execute(DRAINED, &values).await?;
            Ok(())
        }

        /// The events that were delivered, oldest first unless the search is sorted downwards.
        ///
        /// # Errors
        /// If the log can't be read.
        pub async fn page(
            &self,
            log: &dyn EventLog,
            search: &Search,
        ) -> Result<Found<NotificationView>> {
            let total = match self.db.fetch_one(COUNT, &[]).await? {
                Some(row) => row.count("total")?,
                None => 0,
            };
            let down = search.sort.as_ref().is_some_and(|s| s.direction == Direction::Descending);
            let page = [search.limit.into(), search.skip().into()];
            let found = self.db.fetch(if down { NEWEST } else { OLDEST }, &page).await?;
            let mut rows = Vec::with_capacity(found.len());
            for row in &found {
                let position = row.count("position")?;
                let event = log.read(position.saturating_sub(1), 1).await?.into_iter().next();
                let subscription = row.text("subscription")?;
                rows.extend(event.map(|event| view(&event, subscription)));
            }
            Ok(Found { rows: search.rows(rows), total })
        }
    }

    fn view(event: &Recorded, subscription: String) -> NotificationView {
        let message = BusMessage::of(event).event;
        NotificationView {
            id: message.id,
            root_aggregate_type: message.root_aggregate_type,
            event_type: message.event_type,
            data: message.data,
            metadata_fully_qualified_name: message.metadata.fqn,
            stream_name: message.stream_name,
            subscriber_ref: subscription,
            version: message.version,
        }
    }
}

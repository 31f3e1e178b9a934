//! What was delivered to subscriptions, for tests.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    App, Call, Policy, Result, UseCase,
    search::{Rows, SearchMetadata, SearchOptions},
};

/// Finds all domain events that were delivered
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct SearchAllEventNotifications {
    /// Paging and sorting.
    #[serde(flatten)]
    pub options: SearchOptions,
}

/// A domain event that was delivered.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EventNotification)]
pub struct NotificationView {
    /// `event_…`
    pub id: String,
    /// The aggregate type.
    pub root_aggregate_type: String,
    /// The event's name.
    pub event_type: String,
    /// JSON text of the payload.
    pub data: String,
    /// How to decode it.
    pub metadata_fully_qualified_name: String,
    /// Its stream.
    pub stream_name: String,
    /// The last subscription that it was delivered to.
    pub subscriber_ref: String,
    /// Which event of its stream it is, from 1.
    pub version: u64,
}

/// The answer of [`SearchAllEventNotifications`].
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct NotificationsAnswer {
    /// One page.
    #[schema(value_type = Vec<NotificationView>)]
    pub notifications: Rows<NotificationView>,
    /// About the search.
    pub metadata: SearchMetadata,
}

impl UseCase for SearchAllEventNotifications {
    const NAME: &'static str = "testing_only.search_event_notifications";
    const POLICY: Policy = Policy::anonymous();
    type Output = NotificationsAnswer;

    async fn run(self, app: &App, _: &Call) -> Result<NotificationsAnswer> {
        let search = self.options.parse()?;
        let found = app.testing.notifications(&search).await?;
        Ok(NotificationsAnswer {
            notifications: found.rows,
            metadata: search.metadata(found.total),
        })
    }
}

//! Queries of subscriptions.

use application::{
    Result,
    search::{Found, Search},
    subscriptions::{Reference, SubscriptionReads, SubscriptionRecord},
};
use async_trait::async_trait;
use domain::{kernel::OrganizationId, subscriptions::Provider};
use store::db::{Db, DbError, Row};

use crate::search::{Source, page};

const ONE: &str = "SELECT id, owning_entity_id, buyer_id, provider_name, provider_state, \
     buyer_reference, subscription_reference, version FROM rm_subscriptions_v1 WHERE id = $1";

const OF_BUYER: &str = "SELECT id FROM rm_subscriptions_v1 \
     WHERE buyer_reference = $1 AND provider_name = $2 ORDER BY position LIMIT 1";

const OF_SUBSCRIPTION: &str = "SELECT id FROM rm_subscriptions_v1 \
     WHERE subscription_reference = $1 AND provider_name = $2 ORDER BY position LIMIT 1";

const AT_PROVIDER: Source<'_> = Source {
    from: "rm_subscriptions_v1 s",
    columns: "s.id AS id, s.owning_entity_id AS owning_entity_id, s.buyer_id AS buyer_id, \
        s.provider_name AS provider_name, s.provider_state AS provider_state, \
        s.buyer_reference AS buyer_reference, \
        s.subscription_reference AS subscription_reference, s.version AS version",
    filter: "s.provider_name = $1",
    key: "s.position",
    sortable: &[
        ("Created", "s.position"),
        ("Id", "s.id"),
        ("OwningEntityId", "s.owning_entity_id"),
        ("BuyerId", "s.buyer_id"),
        ("ProviderName", "s.provider_name"),
    ],
    complete: &[],
};

/// Answers from the table of [`super::SUBSCRIPTIONS`].
#[derive(Clone, Debug)]
pub struct SubscriptionTables {
    db: Db,
}

impl SubscriptionTables {
    /// Over the database of read models.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl SubscriptionReads for SubscriptionTables {
    async fn of_organization(&self, id: &OrganizationId) -> Result<Option<SubscriptionRecord>> {
        let row = self.db.fetch_one(ONE, &[id.twin("billsub").into()]).await?;
        Ok(row.as_ref().map(record).transpose()?)
    }

    async fn of_reference(
        &self,
        provider: &str,
        which: Reference,
        reference: &str,
    ) -> Result<Option<String>> {
        let statement = match which {
            Reference::Buyer => OF_BUYER,
            Reference::Subscription => OF_SUBSCRIPTION,
        };
        let row = self.db.fetch_one(statement, &[reference.into(), provider.into()]).await?;
        Ok(row.map(|row| row.text("id")).transpose()?)
    }

    async fn at_provider(&self, name: &str, search: &Search) -> Result<Found<SubscriptionRecord>> {
        page(&self.db, &AT_PROVIDER, vec![name.into()], search, record).await
    }
}

fn record(row: &Row) -> Result<SubscriptionRecord, DbError> {
    let state = row.json("provider_state")?;
    let provider = row.opt_text("provider_name")?.map(|name| Provider { name, state });
    Ok(SubscriptionRecord {
        id: row.text("id")?,
        owning_entity_id: row.text("owning_entity_id")?,
        buyer_id: row.text("buyer_id")?,
        provider,
        buyer_reference: row.opt_text("buyer_reference")?,
        subscription_reference: row.opt_text("subscription_reference")?,
        version: row.count("version")?,
    })
}

//! Lists what could be moved to another billing provider.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::kernel::UserId;
use serde::{Deserialize, Serialize};

use super::{SUBSCRIPTIONS, SubscriptionRecord, view::SubscriptionView};
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    search::{Rows, SearchMetadata, SearchOptions},
    user_profiles::{AddressView, UserProfileView},
};

/// Lists the subscriptions that the installed billing provider has, with their buyers
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct ExportSubscriptionsToMigrate {
    /// Paging and sorting.
    #[serde(flatten)]
    pub options: SearchOptions,
}

/// The answer of [`ExportSubscriptionsToMigrate`].
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ExportSubscriptionsToMigrateResponse {
    /// One page.
    #[schema(value_type = Vec<SubscriptionToMigrate>)]
    pub subscriptions: Rows<SubscriptionToMigrate>,
    /// About the search.
    pub metadata: SearchMetadata,
}

/// A subscription with what its buyer is called at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SubscriptionToMigrate {
    /// The subscription.
    #[serde(flatten)]
    pub subscription: SubscriptionView,
    /// The buyer; empty without a profile.
    pub buyer: BTreeMap<&'static str, String>,
}

impl UseCase for ExportSubscriptionsToMigrate {
    const NAME: &'static str = "subscriptions.export";
    const POLICY: Policy = Policy::internal();
    const READS: &'static [&'static str] = &[SUBSCRIPTIONS];
    type Output = ExportSubscriptionsToMigrateResponse;

    async fn run(self, app: &App, _: &Call) -> Result<ExportSubscriptionsToMigrateResponse> {
        let search = self.options.parse()?;
        let installed = app.billing.interpreter().name();
        let found = app.subscription_reads.at_provider(installed, &search).await?;
        let buyers = buyers(app, &found.rows).await?;
        let mut all = vec![];
        for record in found.rows {
            let known = buyers.get(&record.buyer_id);
            let buyer =
                known.map(|known| described(known, &record.owning_entity_id)).transpose()?;
            let buyer = buyer.unwrap_or_default();
            all.push(SubscriptionToMigrate { subscription: record.into(), buyer });
        }
        let metadata = search.metadata(found.total);
        Ok(ExportSubscriptionsToMigrateResponse { subscriptions: search.rows(all), metadata })
    }
}

/// The profiles of all who pay, by user.
async fn buyers(
    app: &App,
    subscriptions: &[SubscriptionRecord],
) -> Result<HashMap<String, UserProfileView>> {
    let ids = subscriptions.iter().filter_map(|record| UserId::parse(&record.buyer_id).ok());
    let ids: BTreeSet<UserId> = ids.collect();
    let ids: Vec<UserId> = ids.into_iter().collect();
    let known = app.user_profile_reads.of_users(&ids).await?;
    Ok(known.into_iter().map(|profile| (profile.user_id.clone(), profile)).collect())
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Name<'a> {
    first_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Subscriber<'a> {
    entity_id: &'a str,
    entity_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Address<'a> {
    city: &'a str,
    country_code: &'a str,
    line1: &'a str,
    line2: &'a str,
    line3: &'a str,
    state: &'a str,
    zip: &'a str,
}

impl<'a> From<&'a AddressView> for Address<'a> {
    fn from(address: &'a AddressView) -> Self {
        fn text(text: Option<&String>) -> &str {
            text.map(String::as_str).unwrap_or_default()
        }
        Self {
            city: text(address.city.as_ref()),
            country_code: &address.country_code,
            line1: text(address.line1.as_ref()),
            line2: text(address.line2.as_ref()),
            line3: text(address.line3.as_ref()),
            state: text(address.state.as_ref()),
            zip: text(address.zip.as_ref()),
        }
    }
}

/// Nested values are JSON texts.
fn described(
    profile: &UserProfileView,
    organization: &str,
) -> Result<BTreeMap<&'static str, String>> {
    let name =
        Name { first_name: &profile.name.first_name, last_name: profile.name.last_name.as_deref() };
    let subscriber = Subscriber { entity_id: organization, entity_type: "Organization" };
    let mut all = BTreeMap::from([
        ("Id", profile.user_id.clone()),
        ("Name", text(&name)?),
        ("Subscriber", text(&subscriber)?),
        ("Address", text(&Address::from(&profile.address))?),
    ]);
    for (key, value) in
        [("EmailAddress", &profile.email_address), ("PhoneNumber", &profile.phone_number)]
    {
        if let Some(value) = value {
            all.insert(key, value.clone());
        }
    }
    Ok(all)
}

fn text(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::unexpected)
}

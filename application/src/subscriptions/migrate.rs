//! Moves a subscription to the billing provider that was installed since.

use std::collections::BTreeMap;

use domain::{
    kernel::{OrganizationId, text::is_descriptive_name},
    subscriptions::{Provider, Subscription},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{SubscriptionRecord, view::SubscriptionView};
use crate::{
    App, Call, Policy, Result, UseCase,
    input::{check, id, parse_all, text},
};

/// Values of a state at most.
const MOST_VALUES: usize = 100;
/// Characters of a name or value of a state at most.
const LONGEST: usize = 1_000;

/// Moves a subscription to the billing provider that is installed now
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MigrateSubscription {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
    /// The name of the provider.
    #[schema(required)]
    pub provider_name: Option<String>,
    /// What the provider knows, in its own words.
    #[schema(required)]
    pub provider_state: Option<BTreeMap<String, String>>,
}

/// The answer of [`MigrateSubscription`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct MigrateSubscriptionResponse {
    /// The subscription.
    pub subscription: SubscriptionView,
}

impl UseCase for MigrateSubscription {
    const NAME: &'static str = "subscriptions.migrate";
    const POLICY: Policy = Policy::operations();
    type Output = MigrateSubscriptionResponse;

    async fn run(self, app: &App, call: &Call) -> Result<MigrateSubscriptionResponse> {
        let state = self.provider_state.unwrap_or_default();
        let (id, name, ()) = parse_all((
            id("id", self.id.as_deref(), OrganizationId::parse),
            text("providerName", self.provider_name.as_deref(), |name| {
                is_descriptive_name(name, 1, 50)
            }),
            check(
                "NotEmptyValidator",
                fits(&state),
                "The providerState is either missing or too large",
                json!(state.len()),
            ),
        ))?;
        let installed = app.billing.interpreter();
        let migrate = |it: &Subscription| {
            it.migrate(installed, Provider { name: name.to_owned(), state: state.clone() })
        };
        let changed = app.subscriptions.change(call, &id.twin("billsub"), migrate).await?;
        let record = SubscriptionRecord::from(&changed);
        Ok(MigrateSubscriptionResponse { subscription: record.into() })
    }
}

fn fits(state: &BTreeMap<String, String>) -> bool {
    let long = |text: &String| text.chars().count() > LONGEST;
    let too_long = state.iter().any(|(name, value)| long(name) || long(value));
    !state.is_empty() && state.len() <= MOST_VALUES && !too_long
}

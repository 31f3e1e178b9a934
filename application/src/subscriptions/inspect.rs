//! Looks at the subscription of an organization.

use std::collections::BTreeMap;

use domain::{
    kernel::{
        OrganizationId,
        roles::{Feature, Role},
    },
    subscriptions::{Provider, SimplePlan, SimpleProvider, Subscription},
};
use serde::{Deserialize, Serialize};

use crate::{
    App, Call, Loaded, Policy, Result, UseCase,
    input::{id, parse_all},
};

/// Looks at what an organization has subscribed to
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct GetSubscription {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
}

/// The answer of [`GetSubscription`].
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct GetSubscriptionResponse {
    /// The subscription.
    pub subscription: SubscriptionWithPlan,
}

/// A subscription, with what the billing provider makes of it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionWithPlan {
    /// `billsub_…`
    pub id: String,
    /// The organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owning_entity_id: Option<String>,
    /// Who pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_id: Option<String>,
    /// The provider's id of the buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_reference: Option<String>,
    /// The provider's id of the subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_reference: Option<String>,
    /// The provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_name: Option<String>,
    /// What the provider knows, in its own words.
    pub provider_state: BTreeMap<String, String>,
    /// `activated` or `unsubscribed`.
    pub status: &'static str,
    /// Whether it can be canceled now.
    pub can_be_canceled: bool,
    /// Whether it can end now.
    pub can_be_unsubscribed: bool,
    /// What it includes.
    pub plan: SubscriptionPlan,
    /// How often it is paid for.
    pub period: SubscriptionPeriod,
    /// What it costs.
    pub invoice: SubscriptionInvoice,
    /// How it is paid for.
    pub payment_method: SubscriptionPaymentMethod,
}

/// See [`SubscriptionWithPlan`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionPlan {
    /// The plan, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'static str>,
    /// Whether it is tried out.
    pub is_trial: bool,
    /// `unsubscribed` or `standard`.
    pub tier: &'static str,
}

/// See [`SubscriptionWithPlan`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SubscriptionPeriod {
    /// So many units.
    pub frequency: u32,
    /// `eternity`.
    pub unit: &'static str,
}

/// See [`SubscriptionWithPlan`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SubscriptionInvoice {
    /// In major units of the currency.
    pub amount: u32,
    /// As in ISO 4217.
    pub currency: &'static str,
}

/// See [`SubscriptionWithPlan`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SubscriptionPaymentMethod {
    /// `invalid` or `valid`.
    pub status: &'static str,
    /// `other`: nobody pays.
    #[serde(rename = "type")]
    pub kind: &'static str,
}

impl From<&Loaded<Subscription>> for SubscriptionWithPlan {
    fn from(loaded: &Loaded<Subscription>) -> Self {
        let Loaded { id, state, .. } = loaded;
        let (name, provider_state) = match state.provider() {
            Some(Provider { name, state }) => (Some(name.clone()), state.clone()),
            None => (None, BTreeMap::new()),
        };
        let plan = state.provider().map_or(SimplePlan::Unsubscribed, SimpleProvider::plan);
        let subscribed = plan == SimplePlan::Standard;
        Self {
            id: id.clone(),
            owning_entity_id: state.owning_entity().map(ToString::to_string),
            buyer_id: state.buyer().map(ToString::to_string),
            buyer_reference: state.buyer_reference().map(str::to_owned),
            subscription_reference: state.subscription_reference().map(str::to_owned),
            provider_name: name,
            provider_state,
            status: if subscribed { "activated" } else { "unsubscribed" },
            can_be_canceled: subscribed,
            can_be_unsubscribed: true,
            plan: SubscriptionPlan {
                id: subscribed.then_some(SimpleProvider::PLAN),
                is_trial: false,
                tier: if subscribed { "standard" } else { "unsubscribed" },
            },
            period: SubscriptionPeriod { frequency: 0, unit: "eternity" },
            invoice: SubscriptionInvoice { amount: 0, currency: "USD" },
            payment_method: SubscriptionPaymentMethod { status: "valid", kind: "other" },
        }
    }
}

impl UseCase for GetSubscription {
    const NAME: &'static str = "subscriptions.get";
    const POLICY: Policy =
        Policy::token().organization().role(Role::TenantBillingAdmin).with(Feature::TenantBasic);
    type Output = GetSubscriptionResponse;

    async fn run(self, app: &App, call: &Call) -> Result<GetSubscriptionResponse> {
        let (id,) = parse_all((id("id", self.id.as_deref(), OrganizationId::parse),))?;
        let loaded = app.subscriptions.load(call, &id.twin("billsub")).await?;
        Ok(GetSubscriptionResponse { subscription: (&loaded).into() })
    }
}

//! Lists what can be subscribed to.

use domain::subscriptions::Amount;
use serde::{Deserialize, Serialize};

use super::view::SubscriptionPeriod;
use crate::{App, Call, Policy, Result, UseCase};

/// Lists the plans that can be subscribed to, by how often they are paid for
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct ListPricingPlans {}

/// The answer of [`ListPricingPlans`].
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ListPricingPlansResponse {
    /// The plans.
    pub plans: PricingPlans,
}

/// Plans by how often they are paid for; the cheapest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct PricingPlans {
    /// Every year or some years.
    pub annually: Vec<PricingPlan>,
    /// Every day or some days.
    pub daily: Vec<PricingPlan>,
    /// Once.
    pub eternally: Vec<PricingPlan>,
    /// Every month or some months.
    pub monthly: Vec<PricingPlan>,
    /// Every week or some weeks.
    pub weekly: Vec<PricingPlan>,
}

/// Something that can be subscribed to.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PricingPlan {
    /// The provider's id.
    pub id: String,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// For each period, in major units of the currency.
    #[schema(value_type = f64)]
    pub cost: Amount,
    /// Once, likewise.
    #[schema(value_type = f64)]
    pub setup_cost: Amount,
    /// As in ISO 4217.
    pub currency: String,
    /// Whether it is the one that most want.
    pub is_recommended: bool,
    /// How often it is paid for.
    pub period: SubscriptionPeriod,
    /// How long it can be tried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial: Option<PlanTrial>,
    /// What it includes.
    pub feature_section: Vec<FeatureSection>,
}

/// See [`PricingPlan`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanTrial {
    /// Whether it can be tried out.
    pub has_trial: bool,
    /// So many units.
    pub frequency: u32,
    /// `eternity`, `day` or `month`.
    pub unit: &'static str,
}

/// See [`PricingPlan`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FeatureSection {
    /// What these have in common.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it includes, or does not.
    pub features: Vec<PlanFeature>,
}

/// See [`FeatureSection`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanFeature {
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the plan includes it.
    pub is_included: bool,
}

impl UseCase for ListPricingPlans {
    const NAME: &'static str = "subscriptions.list_plans";
    const POLICY: Policy = Policy::anonymous();
    type Output = ListPricingPlansResponse;

    async fn run(self, app: &App, _: &Call) -> Result<ListPricingPlansResponse> {
        Ok(ListPricingPlansResponse { plans: app.billing.plans().await? })
    }
}

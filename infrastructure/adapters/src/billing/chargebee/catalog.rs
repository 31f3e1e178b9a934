//! What can be subscribed to.

use application::{
    Result,
    subscriptions::{
        plans::{FeatureSection, PlanFeature, PlanTrial, PricingPlan, PricingPlans},
        view::SubscriptionPeriod,
    },
};
use domain::subscriptions::{Amount, amount::DEFAULT_CURRENCY};
use futures_util::future::try_join_all;

use super::{
    answers::{Feature, ItemPrice, OfAttachedItem, OfEntitlement, OfFeature, OfItemPrice, Page},
    forms,
    http::Http,
};

/// Plans that are looked at at the same time.
const AT_ONCE: usize = 4;

/// Whether what is sold can be looked at, whoever wants to know.
pub async fn is_readable(http: &Http, family: &str) -> bool {
    let query = [("item_family_id[is]", family.to_owned()), ("limit", "1".to_owned())];
    http.get::<Page<OfItemPrice>>("item_prices", &query).await.is_ok()
}

pub async fn plans(http: &Http, family: &str) -> Result<PricingPlans> {
    let most = || ("limit", "100".to_owned());
    let query =
        [("status[is]", "active".to_owned()), ("item_family_id[is]", family.to_owned()), most()];
    let prices: Page<OfItemPrice> = http.get("item_prices", &query).await?;
    let query = [("status[is]", "active".to_owned()), ("type[is]", "switch".to_owned()), most()];
    let features: Page<OfFeature> = http.get("features", &query).await?;
    let prices: Vec<_> = prices.list.into_iter().map(|found| found.item_price).collect();
    let features: Vec<_> = features.list.into_iter().map(|found| found.feature).collect();
    let sold: Vec<&ItemPrice> =
        prices.iter().filter(|price| price.item_type.as_deref() == Some("plan")).collect();
    let mut all: Vec<PricingPlan> = vec![];
    for group in sold.chunks(AT_ONCE) {
        let mut asked = vec![];
        for price in group {
            asked.push(plan(http, price, &prices, &features));
        }
        all.extend(try_join_all(asked).await?);
    }
    all.sort_by_key(|plan| plan.cost.minor());
    let mut plans = PricingPlans::default();
    for plan in all {
        match plan.period.unit {
            "day" => plans.daily.push(plan),
            "week" => plans.weekly.push(plan),
            "month" => plans.monthly.push(plan),
            "year" => plans.annually.push(plan),
            _ => plans.eternally.push(plan),
        }
    }
    Ok(plans)
}

async fn plan(
    http: &Http,
    price: &ItemPrice,
    prices: &[ItemPrice],
    features: &[Feature],
) -> Result<PricingPlan> {
    let item = price.item_id.as_deref().unwrap_or_default();
    let most = || ("limit", "100".to_owned());
    let query = [("item_type[is]", "charge".to_owned()), most()];
    let path = format!("items/{}/attached_items", forms::segment(item));
    let attached: Page<OfAttachedItem> = http.get(&path, &query).await?;
    let query =
        [("entity_type[is]", "plan".to_owned()), ("entity_id[is]", item.to_owned()), most()];
    let entitled: Page<OfEntitlement> = http.get("entitlements", &query).await?;
    let currency = price.currency_code.clone().unwrap_or_else(|| DEFAULT_CURRENCY.to_owned());
    let setup = attached.list.iter().map(|found| &found.attached_item).filter(|attached| {
        attached.status.as_deref().is_none_or(|status| status == "active")
            && attached.charge_on_event.as_deref() == Some("subscription_creation")
    });
    let setup = setup.filter_map(|attached| {
        let same = |other: &&ItemPrice| {
            attached.item_id.is_some()
                && other.item_id == attached.item_id
                && other.currency_code == price.currency_code
        };
        prices.iter().find(same)?.price
    });
    let included = entitled.list.iter().map(|found| &found.entitlement).filter_map(|entitled| {
        let given = entitled.value.as_deref().is_none_or(|value| value != "false");
        let feature = features.iter().find(|known| Some(&known.id) == entitled.feature_id.as_ref());
        feature.filter(|_| given).map(section)
    });
    Ok(PricingPlan {
        id: price.id.clone(),
        display_name: price.external_name.clone().or_else(|| price.name.clone()),
        description: price.description.clone(),
        notes: price.invoice_notes.clone(),
        cost: Amount::of_minor(price.price.unwrap_or_default(), &currency),
        setup_cost: Amount::of_minor(setup.fold(0, i64::saturating_add), &currency),
        is_recommended: false,
        period: SubscriptionPeriod {
            frequency: price.period.unwrap_or_default(),
            unit: unit(price.period_unit.as_deref()),
        },
        trial: price.trial_period.filter(|length| *length > 0).map(|frequency| PlanTrial {
            has_trial: true,
            frequency,
            unit: unit(price.trial_period_unit.as_deref()),
        }),
        feature_section: included.collect(),
        currency,
    })
}

fn section(feature: &Feature) -> FeatureSection {
    let description = feature.description.clone().or_else(|| feature.name.clone());
    FeatureSection {
        description: feature.name.clone(),
        features: vec![PlanFeature { description, is_included: true }],
    }
}

fn unit(unit: Option<&str>) -> &'static str {
    match unit {
        Some("day") => "day",
        Some("week") => "week",
        Some("month") => "month",
        Some("year") => "year",
        _ => "eternity",
    }
}

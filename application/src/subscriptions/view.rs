//! A subscription as callers see it.

use std::collections::BTreeMap;

use domain::{
    kernel::Timestamp,
    subscriptions::{
        Amount, BillingDetails, PaymentKind, PeriodUnit, Provider, Subscription,
        SubscriptionStatus, Tier,
    },
};
use serde::Serialize;

use super::SubscriptionRecord;
use crate::{App, Loaded, wire_time::WireTime};

/// The answer of everything that changes or shows one subscription.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SubscriptionAnswer {
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
    pub owning_entity_id: String,
    /// Who pays.
    pub buyer_id: String,
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
    /// `unsubscribed`, `activated`, `canceled` or `canceling`.
    pub status: &'static str,
    /// When it was canceled or is going to end, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canceled_date_utc: Option<WireTime>,
    /// Whether it can be canceled now.
    pub can_be_canceled: bool,
    /// Whether it can end for good now.
    pub can_be_unsubscribed: bool,
    /// What it includes.
    pub plan: SubscriptionPlan,
    /// How often it is paid for.
    pub period: SubscriptionPeriod,
    /// What is to be paid next.
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
    pub id: Option<String>,
    /// Whether it is tried out.
    pub is_trial: bool,
    /// Until when it is, or was, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial_end_date_utc: Option<WireTime>,
    /// `unsubscribed`, `standard`, `professional` or `enterprise`.
    pub tier: &'static str,
}

/// So many units of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SubscriptionPeriod {
    /// How many.
    pub frequency: u32,
    /// `eternity`, `day`, `week`, `month` or `year`.
    pub unit: &'static str,
}

/// See [`SubscriptionWithPlan`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionInvoice {
    /// In major units of the currency.
    #[schema(value_type = f64)]
    pub amount: Amount,
    /// As in ISO 4217.
    pub currency: String,
    /// When it is due, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_utc: Option<WireTime>,
}

/// See [`SubscriptionWithPlan`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SubscriptionPaymentMethod {
    /// `invalid` or `valid`.
    pub status: &'static str,
    /// `none`, `card` or `other`.
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// A subscription, as its provider's data is moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Subscription)]
pub struct SubscriptionView {
    /// `billsub_…`
    pub id: String,
    /// The organization.
    pub owning_entity_id: String,
    /// Who pays.
    pub buyer_id: String,
    /// The provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_name: Option<String>,
    /// What the provider knows, in its own words.
    pub provider_state: BTreeMap<String, String>,
}

impl SubscriptionAnswer {
    /// As it is stored, and as the installed provider sees it.
    #[must_use]
    pub fn of(app: &App, record: SubscriptionRecord) -> Self {
        let details = record.details(app);
        Self { subscription: view(record, details) }
    }

    /// As [`Self::of`].
    #[must_use]
    pub fn after(app: &App, loaded: &Loaded<Subscription>) -> Self {
        Self::of(app, loaded.into())
    }
}

impl From<SubscriptionRecord> for SubscriptionView {
    fn from(record: SubscriptionRecord) -> Self {
        let (provider_name, provider_state) = divided(record.provider);
        let SubscriptionRecord { id, owning_entity_id, buyer_id, .. } = record;
        Self { id, owning_entity_id, buyer_id, provider_name, provider_state }
    }
}

fn divided(provider: Option<Provider>) -> (Option<String>, BTreeMap<String, String>) {
    provider.map_or_else(Default::default, |own| (Some(own.name), own.state))
}

fn view(record: SubscriptionRecord, details: BillingDetails) -> SubscriptionWithPlan {
    let can_be_canceled = details.can_be_canceled();
    let (provider_name, provider_state) = divided(record.provider);
    let wire = |at: Option<Timestamp>| at.map(WireTime::from);
    SubscriptionWithPlan {
        id: record.id,
        owning_entity_id: record.owning_entity_id,
        buyer_id: record.buyer_id,
        buyer_reference: record.buyer_reference,
        subscription_reference: record.subscription_reference,
        provider_name,
        provider_state,
        status: status_name(details.status),
        canceled_date_utc: wire(details.canceled_at),
        can_be_canceled,
        can_be_unsubscribed: details.can_be_unsubscribed,
        plan: SubscriptionPlan {
            id: details.plan.id,
            is_trial: details.plan.is_trial,
            trial_end_date_utc: wire(details.plan.trial_end),
            tier: tier_name(details.plan.tier),
        },
        period: SubscriptionPeriod {
            frequency: details.period.frequency,
            unit: unit_name(details.period.unit),
        },
        invoice: SubscriptionInvoice {
            amount: details.invoice.amount,
            currency: details.invoice.currency,
            next_utc: wire(details.invoice.next),
        },
        payment_method: SubscriptionPaymentMethod {
            status: if details.payment_method.is_valid { "valid" } else { "invalid" },
            kind: match details.payment_method.kind {
                PaymentKind::None => "none",
                PaymentKind::Card => "card",
                PaymentKind::Other => "other",
            },
        },
    }
}

fn status_name(status: SubscriptionStatus) -> &'static str {
    match status {
        SubscriptionStatus::Unsubscribed => "unsubscribed",
        SubscriptionStatus::Activated => "activated",
        SubscriptionStatus::Canceled => "canceled",
        SubscriptionStatus::Canceling => "canceling",
    }
}

fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Unsubscribed => "unsubscribed",
        Tier::Standard => "standard",
        Tier::Professional => "professional",
        Tier::Enterprise => "enterprise",
    }
}

/// `eternity`, `day` and so on, as the wire has it.
#[must_use]
pub fn unit_name(unit: PeriodUnit) -> &'static str {
    match unit {
        PeriodUnit::Eternity => "eternity",
        PeriodUnit::Day => "day",
        PeriodUnit::Week => "week",
        PeriodUnit::Month => "month",
        PeriodUnit::Year => "year",
    }
}

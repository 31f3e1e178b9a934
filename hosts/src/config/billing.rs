//! The part about getting money for subscriptions.

use adapters::{billing::chargebee::Account, secret::Secret};
use domain::subscriptions::Chargebee;

use super::{settings::is_web_url, source::Values};

/// Who gets the money.
#[derive(Clone)]
pub enum BillingWay {
    /// Nobody: everything is for free.
    Simple,
    /// Chargebee.
    Chargebee(Account),
}

/// Subscriptions, and how they are paid for.
#[derive(Clone)]
pub struct BillingSettings {
    /// Who gets the money.
    pub way: BillingWay,
    /// Which plans of Chargebee include how much.
    pub plans: Chargebee,
    /// User and password that notifications of Chargebee come with.
    pub webhook: (Option<Secret>, Option<Secret>),
}

/// What testing builds have where nothing is said.
const TESTING_USER: &str = "ausername";
const TESTING_PLANS: [&str; 3] = ["apaidtrial", "apaid2", "apaid3"];

pub(super) fn build(values: &Values, wrong: &mut Vec<String>) -> BillingSettings {
    let chargebee = values.text("GROUNDWORK_BILLING") == Some("chargebee");
    let plans = plans(values);
    let way = if chargebee && !cfg!(feature = "testing-only") {
        let named = [&plans.standard, &plans.professional, &plans.enterprise];
        if named.iter().all(|list| list.is_empty()) {
            wrong.push(
                "CHARGEBEE_STANDARD_PLANS, CHARGEBEE_PROFESSIONAL_PLANS and \
                 CHARGEBEE_ENTERPRISE_PLANS are missing: one of them must name a plan."
                    .to_owned(),
            );
        }
        account(values, wrong).map_or(BillingWay::Simple, BillingWay::Chargebee)
    } else if chargebee {
        BillingWay::Chargebee(pretended())
    } else {
        BillingWay::Simple
    };
    let secret = |name: &str| values.text(name).map(Secret::new);
    let usual = || cfg!(feature = "testing-only").then(|| Secret::new(TESTING_USER));
    let user = secret("CHARGEBEE_WEBHOOK_USER").or_else(usual);
    if user.is_none() && values.text("CHARGEBEE_WEBHOOK_PASSWORD").is_some() {
        wrong.push("CHARGEBEE_WEBHOOK_PASSWORD needs CHARGEBEE_WEBHOOK_USER.".to_owned());
    }
    BillingSettings { way, plans, webhook: (user, secret("CHARGEBEE_WEBHOOK_PASSWORD")) }
}

/// Nobody is asked in testing builds.
fn pretended() -> Account {
    Account {
        base_url: String::new(),
        api_key: Secret::new(""),
        product_family: String::new(),
        starting_plan: String::new(),
    }
}

fn plans(values: &Values) -> Chargebee {
    let list = |name: &str, usual: usize| -> Vec<String> {
        let usual = TESTING_PLANS.get(usual).filter(|_| cfg!(feature = "testing-only"));
        let text = values.text(name).or(usual.copied()).unwrap_or_default();
        let named = text.split([',', ';']).map(str::trim).filter(|plan| !plan.is_empty());
        named.map(str::to_owned).collect()
    };
    Chargebee {
        standard: list("CHARGEBEE_STANDARD_PLANS", 0),
        professional: list("CHARGEBEE_PROFESSIONAL_PLANS", 1),
        enterprise: list("CHARGEBEE_ENTERPRISE_PLANS", 2),
    }
}

fn account(values: &Values, wrong: &mut Vec<String>) -> Option<Account> {
    let mut need = |name: &str| {
        let text = values.text(name);
        if text.is_none() {
            wrong.push(format!("{name} is missing: GROUNDWORK_BILLING asks for Chargebee."));
        }
        text.map(str::to_owned)
    };
    let api_key = need("CHARGEBEE_API_KEY");
    let product_family = need("CHARGEBEE_PRODUCT_FAMILY");
    let starting_plan = need("CHARGEBEE_STARTING_PLAN");
    let base_url = base_url(values, wrong);
    Some(Account {
        base_url: base_url?,
        api_key: Secret::new(api_key?),
        product_family: product_family?,
        starting_plan: starting_plan?,
    })
}

fn base_url(values: &Values, wrong: &mut Vec<String>) -> Option<String> {
    if let Some(url) = values.text("CHARGEBEE_BASE_URL") {
        if !is_web_url(url) {
            wrong.push(format!(
                "CHARGEBEE_BASE_URL must be an http:// or https:// URL, not '{url}'."
            ));
        }
        return Some(url.to_owned());
    }
    let Some(site) = values.text("CHARGEBEE_SITE") else {
        wrong.push("CHARGEBEE_SITE is missing: GROUNDWORK_BILLING asks for Chargebee.".to_owned());
        return None;
    };
    if !site.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        wrong.push(format!(
            "CHARGEBEE_SITE must be the name of a site: letters, digits and '-', not '{site}'."
        ));
    }
    Some(format!("https://{site}.chargebee.com/api/v2"))
}

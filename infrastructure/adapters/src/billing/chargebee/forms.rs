//! What Chargebee is sent.

use application::ports::{Buyer, Ending};
use domain::kernel::{Timestamp, country};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

/// Names and values, in order.
pub type Form = Vec<(&'static str, String)>;

/// As `application/x-www-form-urlencoded` has it.
pub fn encoded(form: &[(&str, String)]) -> String {
    let pairs = form.iter().map(|(name, value)| format!("{}={}", segment(name), segment(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Fit for a path.
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Leaves out what is not said.
fn said<const N: usize>(pairs: [(&'static str, Option<&str>); N]) -> Form {
    let said = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
    said.filter(|(_, value)| !value.is_empty()).map(|(name, v)| (name, v.to_owned())).collect()
}

/// A new customer.
pub fn customer(id: &str, buyer: &Buyer) -> Form {
    [said([("id", Some(id))]), contact(buyer), address(buyer)].concat()
}

/// Who a customer is.
pub fn contact(buyer: &Buyer) -> Form {
    let organization = buyer.organization.as_str();
    let known = json!({ "OrganizationId": organization, "BuyerId": buyer.id }).to_string();
    said([
        ("first_name", Some(buyer.name.first())),
        ("last_name", buyer.name.last()),
        ("email", buyer.email.as_deref()),
        ("phone", buyer.phone.as_deref()),
        ("company", Some(organization)),
        ("meta_data", Some(&known)),
    ])
}

/// Where bills go.
pub fn address(buyer: &Buyer) -> Form {
    let address = &buyer.address;
    let country = country::alpha2(&address.country_code);
    said([
        ("billing_address[first_name]", Some(buyer.name.first())),
        ("billing_address[last_name]", buyer.name.last()),
        ("billing_address[email]", buyer.email.as_deref()),
        ("billing_address[line1]", address.line1.as_deref()),
        ("billing_address[line2]", address.line2.as_deref()),
        ("billing_address[line3]", address.line3.as_deref()),
        ("billing_address[city]", address.city.as_deref()),
        ("billing_address[state]", address.state.as_deref()),
        ("billing_address[zip]", address.zip.as_deref()),
        ("billing_address[country]", country.as_deref()),
    ])
}

/// A new subscription.
pub fn subscription(id: &str, plan: &str, organization: &str, trial: bool) -> Form {
    let known = json!({ "OrganizationId": organization }).to_string();
    let mut form = said([
        ("id", Some(id)),
        ("auto_collection", Some("on")),
        ("subscription_items[item_price_id][0]", Some(plan)),
        ("subscription_items[quantity][0]", Some("1")),
        ("meta_data", Some(&known)),
    ]);
    if !trial {
        form.push(("subscription_items[trial_end][0]", "0".to_owned()));
    }
    form
}

/// What a subscription includes from now on. A trial that goes on is kept.
pub fn items(plan: &str, trial_end: Option<Timestamp>) -> Form {
    let mut form = said([
        ("subscription_items[item_price_id][0]", Some(plan)),
        ("subscription_items[quantity][0]", Some("1")),
        ("replace_items_list", Some("true")),
    ]);
    if let Some(end) = trial_end {
        let seconds = end.get().unix_timestamp().to_string();
        form.push(("subscription_items[trial_end][0]", seconds));
    }
    form
}

/// When a subscription ends.
pub fn ending(ending: Ending) -> Form {
    said([(
        "end_of_term",
        Some(match ending {
            Ending::EndOfTerm => "true",
            Ending::Immediately => "false",
        }),
    )])
}

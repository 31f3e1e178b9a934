//! The part about usages.

use adapters::{
    secret::Secret,
    usages::{MixpanelProject, UserPilotAccount},
};

use super::{settings::is_web_url, source::Values};

/// Who is told what customers use.
#[derive(Clone)]
pub enum UsageWay {
    /// Nobody.
    Nobody,
    /// The log lines.
    LogLines,
    /// `UserPilot`.
    UserPilot(UserPilotAccount),
    /// Mixpanel.
    Mixpanel(MixpanelProject),
}

/// Nobody is told if something is wrong, which is told.
pub(super) fn build(values: &Values, wrong: &mut Vec<String>) -> UsageWay {
    let way = match values.text("GROUNDWORK_USAGES") {
        Some("log") => Some(UsageWay::LogLines),
        Some("userpilot") => userpilot(values, wrong).map(UsageWay::UserPilot),
        Some("mixpanel") => mixpanel(values, wrong).map(UsageWay::Mixpanel),
        _ => None,
    };
    way.unwrap_or(UsageWay::Nobody)
}

fn userpilot(values: &Values, wrong: &mut Vec<String>) -> Option<UserPilotAccount> {
    let base_url = url(values, "USERPILOT_BASE_URL", wrong);
    let api_key = Secret::new(need(values, "USERPILOT_API_KEY", wrong)?);
    Some(UserPilotAccount { base_url, api_key })
}

fn mixpanel(values: &Values, wrong: &mut Vec<String>) -> Option<MixpanelProject> {
    let base_url = url(values, "MIXPANEL_BASE_URL", wrong);
    let token = need(values, "MIXPANEL_PROJECT_TOKEN", wrong);
    let id = need(values, "MIXPANEL_PROJECT_ID", wrong);
    let (token, id) = (token?, id?);
    // It becomes a part of a URL.
    if !id.bytes().all(|byte| byte.is_ascii_digit()) {
        wrong.push(format!("MIXPANEL_PROJECT_ID must have digits only, not '{id}'."));
    }
    Some(MixpanelProject { base_url, id: id.to_owned(), token: Secret::new(token) })
}

fn need<'a>(values: &'a Values, name: &str, wrong: &mut Vec<String>) -> Option<&'a str> {
    let text = values.text(name);
    if text.is_none() {
        wrong.push(format!("{name} is missing: GROUNDWORK_USAGES asks for it."));
    }
    text
}

fn url(values: &Values, name: &str, wrong: &mut Vec<String>) -> String {
    let url = values.text(name).unwrap_or_default();
    if !is_web_url(url) {
        wrong.push(format!("{name} must be an http:// or https:// URL, not '{url}'."));
    }
    url.to_owned()
}

//! What is told of the use of API keys: not of every request, but of a key once in a while.

use domain::end_users::EndUser;
use serde_json::json;

use crate::{
    App, Call, Caller, Result,
    caller::CallerKind,
    ports::{ApiKeyUse, Audited},
};

/// Notes that keys were used, and tells of those of which nobody was told for a while.
///
/// # Errors
/// Unavailable, if they can't be noted. Of a key that can't be told of, the others are.
pub async fn record(app: &App, uses: Vec<ApiKeyUse>) -> Result<()> {
    for used in app.api_key_uses.note(uses).await? {
        if let Err(error) = tell(app, &used).await {
            let key = &used.key;
            tracing::warn!(%key, %error, "nobody could be told of the use of an API key");
        }
    }
    Ok(())
}

async fn tell(app: &App, used: &ApiKeyUse) -> Result<()> {
    let ApiKeyUse { key, user, at: _ } = used;
    let caller = Caller { id: user.clone(), kind: CallerKind::User, ..Caller::anonymous() };
    let call = Call::new(caller, app.ids.event_id().to_string());
    let known = app.end_users.find(&call, user.as_str()).await?;
    let known = known.filter(|known| !known.state.is_erased());
    // What was forgotten meanwhile is new here, and so it is told of.
    let (Some(known), Some(_)) = (known, app.existing_key(&call, key.as_str()).await?) else {
        return app.api_key_uses.forget(key).await;
    };
    let audit = Audited {
        code: "Authentication.APIKey.Passed",
        against: Some(user),
        template: "User {0} called with the API key {1}",
        arguments: &[user.as_str(), key.as_str()],
    };
    app.recorder.audit(&call, audit).await?;
    app.recorder.usage(&call, "User Login", &login(used, &known.state));
    Ok(())
}

fn login(key: &ApiKeyUse, user: &EndUser) -> Vec<(&'static str, serde_json::Value)> {
    let mut properties = vec![
        ("AuthProvider", json!("apikey")),
        ("UserIdOverride", json!(key.user)),
        ("Name", json!(user.name().full())),
    ];
    if let Some(email) = user.username().filter(|email| !email.is_empty()) {
        properties.push(("EmailAddress", json!(email)));
    }
    if let Some(membership) = user.default_membership() {
        properties.push(("DefaultOrganizationId", json!(membership.organization)));
    }
    properties
}

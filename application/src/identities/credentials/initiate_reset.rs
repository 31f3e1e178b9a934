//! Mails a token that allows a new password.

use domain::{identities::Credential, kernel::EmailAddress};
use serde::Deserialize;
use serde_json::json;

use crate::{
    App, Call, Loaded, Policy, Result, UseCase,
    emails::Mail,
    identities::{ATTEMPTS, about_credential, may_mail},
    input::{email, parse_all},
    repository::Committed,
    use_case::Empty,
};

/// Mails a token that allows a new password. Whether somebody has the address is not told
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InitiatePasswordReset {
    /// What the person signs in with.
    #[schema(required)]
    pub email_address: Option<String>,
}

impl UseCase for InitiatePasswordReset {
    const NAME: &'static str = "credentials.initiate_password_reset";
    const POLICY: Policy = Policy::anonymous();
    type Output = Empty;

    async fn run(self, app: &App, call: &Call) -> Result<Empty> {
        let (email,) = parse_all((email("emailAddress", self.email_address.as_deref()),))?;
        app.answer_nothing(call, Box::pin(ask(app, call, &email))).await
    }
}

async fn ask(app: &App, call: &Call, email: &EmailAddress) -> Result<Empty> {
    let digest = app.email_digest(email);
    if !may_mail(app, &digest) {
        return Ok(Empty {});
    }
    for _ in 0..ATTEMPTS {
        let Some(credential) = app.credential_of(call, &digest).await? else {
            app.mail(call, Mail::ResetUnknown { to: email.clone() })?;
            return Ok(Empty {});
        };
        let user = json!(credential.state.user());
        app.usage(call, "User Password Forgotten", &[("ResourceId", user)])?;
        if initiate(app, call, credential).await? {
            return Ok(Empty {});
        }
    }
    // Others asked for the same at the same moment, and theirs were mailed: to say that there was a
    // conflict would be to say that somebody has the address.
    call.withdraw();
    Ok(Empty {})
}

/// Draws a token and mails it. `false` if somebody else was faster.
pub(super) async fn initiate(
    app: &App,
    call: &Call,
    mut credential: Loaded<Credential>,
) -> Result<bool> {
    let token = app.secrets.one_time_token();
    let mail = Mail::ResetPassword {
        to: credential.state.email().clone(),
        name: credential.state.name().to_owned(),
        token: token.token.expose().to_owned(),
    };
    let events = credential.state.initiate_reset(token, app.clock.now())?;
    app.mail(call, mail)?;
    let decision = about_credential(&credential.state, events);
    let part = app.credentials.stage(&mut credential, decision)?;
    Ok(matches!(app.commit(call, vec![part]).await?, Committed::Done))
}

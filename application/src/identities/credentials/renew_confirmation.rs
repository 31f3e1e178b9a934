//! Mails another token that confirms a registration.

use domain::kernel::EmailAddress;
use serde::Deserialize;

use crate::{
    App, Call, Policy, Result, UseCase,
    emails::Mail,
    identities::{ATTEMPTS, about_credential, may_mail},
    input::{email, parse_all},
    repository::Committed,
    use_case::Empty,
};

/// Mails another token that confirms a registration. Whether there is one to confirm is not told
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RenewPersonRegistrationConfirmation {
    /// What the person registered with.
    #[schema(required)]
    pub email_address: Option<String>,
}

impl UseCase for RenewPersonRegistrationConfirmation {
    const NAME: &'static str = "credentials.renew_confirmation";
    const POLICY: Policy = Policy::anonymous();
    type Output = Empty;

    async fn run(self, app: &App, call: &Call) -> Result<Empty> {
        let (email,) = parse_all((email("emailAddress", self.email_address.as_deref()),))?;
        app.answer_nothing(call, Box::pin(renew(app, call, &email))).await
    }
}

async fn renew(app: &App, call: &Call, email: &EmailAddress) -> Result<Empty> {
    let digest = app.email_digest(email);
    if !may_mail(app, &digest) {
        return Ok(Empty {});
    }
    for _ in 0..ATTEMPTS {
        let Some(mut credential) = app.credential_of(call, &digest).await? else {
            return Ok(Empty {});
        };
        let token = app.secrets.one_time_token();
        let mail = Mail::ConfirmRegistration {
            to: email.clone(),
            name: credential.state.name().to_owned(),
            token: token.token.expose().to_owned(),
        };
        // There is nothing to confirm, which is nobody else's business.
        let Ok(events) = credential.state.renew_verification(token, app.clock.now()) else {
            return Ok(Empty {});
        };
        app.mail(call, mail)?;
        let decision = about_credential(&credential.state, events);
        let part = app.credentials.stage(&mut credential, decision)?;
        if let Committed::Done = app.commit(call, vec![part]).await? {
            return Ok(Empty {});
        }
    }
    // Others asked for the same at the same moment, which is nobody else's business, either.
    call.withdraw();
    Ok(Empty {})
}

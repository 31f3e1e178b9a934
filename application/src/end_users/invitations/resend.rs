//! Sends an invitation once more.

use domain::{
    end_users::EndUserError,
    kernel::roles::{Feature, Role},
};
use serde::Deserialize;

use crate::{
    App, Call, Error, Policy, Result, UseCase,
    end_users::guests::{Inviter, about_user},
    identities::random_token,
    input::parse_all,
    repository::{ATTEMPTS, Committed},
    use_case::Empty,
};

/// Sends an invitation once more, with a new token in place of this one
#[derive(Default, Deserialize, utoipa::ToSchema)]
pub struct ResendGuestInvitation {
    /// From an earlier e-mail, not expired.
    #[schema(required)]
    pub token: Option<String>,
}

impl UseCase for ResendGuestInvitation {
    const NAME: &'static str = "end_users.resend_guest_invitation";
    const POLICY: Policy =
        Policy::token().role(Role::PlatformStandard).with(Feature::PlatformBasic);
    type Output = Empty;

    async fn run(self, app: &App, call: &Call) -> Result<Empty> {
        let answered = self.resend(app, call).await;
        app.or_first(call, answered, Empty {}).await
    }
}

impl ResendGuestInvitation {
    /// The token is spent, so that a repetition finds no guest with it.
    async fn resend(self, app: &App, call: &Call) -> Result<Empty> {
        let (token,) = parse_all((random_token("token", self.token.as_deref()),))?;
        let token = app.secrets.hash(token);
        let inviter = Inviter::load(app, call, &call.caller.id).await?;
        for _ in 0..ATTEMPTS {
            let guest = app.guest_with(call, &token).await?;
            let mut guest = guest.ok_or(EndUserError::UnknownInvitation)?;
            let email = guest.state.renewable(&token, app.clock.now())?.email.clone();
            let events = inviter.invite(app, call, &guest, &email)?;
            let decision = about_user(&guest.state, events);
            let part = app.end_users.stage(&mut guest, decision)?;
            if let Committed::Done = app.commit(call, vec![part]).await? {
                return Ok(Empty {});
            }
        }
        Err(Error::conflict())
    }
}

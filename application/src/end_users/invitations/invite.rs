//! Invites somebody to the platform.

use domain::kernel::{
    EmailAddress, UserId,
    roles::{Feature, Role},
};
use serde::Deserialize;

use crate::{
    App, Call, Error, Policy, Result, UseCase,
    end_users::guests::{InvitationAnswer, Inviter, about_user, record},
    input::{email, parse_all},
    repository::{ATTEMPTS, Committed},
};

/// Invites somebody to register, by e-mail. Who is a guest gets another invitation in place of the
/// first; who is registered gets none
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct InviteGuest {
    /// Who is invited.
    #[schema(required)]
    pub email: Option<String>,
}

impl UseCase for InviteGuest {
    const NAME: &'static str = "end_users.invite_guest";
    const POLICY: Policy =
        Policy::token().role(Role::PlatformStandard).with(Feature::PlatformBasic);
    type Output = InvitationAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<InvitationAnswer> {
        let (email,) = parse_all((email("email", self.email.as_deref()),))?;
        let answered = invite(app, call, &email).await;
        app.or_first(call, answered, InvitationAnswer::guessed(&email)).await
    }
}

async fn invite(app: &App, call: &Call, email: &EmailAddress) -> Result<InvitationAnswer> {
    let inviter = Inviter::load(app, call, &call.caller.id).await?;
    for _ in 0..ATTEMPTS {
        if let Some(answer) = registered(app, call, email).await? {
            return Ok(answer);
        }
        let guest = app.guest_of(call, email).await?;
        let mut guest = guest.unwrap_or_else(|| app.new_guest());
        let events = inviter.invite(app, call, &guest, email)?;
        let decision = about_user(&guest.state, events);
        let part = app.end_users.stage(&mut guest, decision)?;
        if let Committed::Done = app.commit(call, vec![part]).await? {
            return Ok(InvitationAnswer::guessed(email));
        }
    }
    Err(Error::conflict())
}

/// Whoever has the address already, if anybody has registered with it.
async fn registered(
    app: &App,
    call: &Call,
    email: &EmailAddress,
) -> Result<Option<InvitationAnswer>> {
    let Some(user) = app.user_of(call, email).await? else { return Ok(None) };
    record(app, call, &user.id, email)?;
    let profile = UserId::parse(&user.id)?.twin("profile");
    let profile = app.user_profiles.find(call, &profile).await?;
    let name = profile.as_ref().map_or(user.state.name(), |profile| profile.state.name());
    Ok(Some(InvitationAnswer::of(email, name)))
}

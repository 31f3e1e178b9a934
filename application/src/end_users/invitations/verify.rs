//! Tells whether an invitation can be accepted.

use domain::end_users::EndUserError;
use serde::Deserialize;

use crate::{
    App, Call, Policy, Result, UseCase, end_users::guests::InvitationAnswer,
    identities::random_token, input::parse_all,
};

/// Tells whether an invitation can be accepted, and whom it is for; changes nothing
#[derive(Default, Deserialize, utoipa::ToSchema)]
pub struct VerifyGuestInvitation {
    /// From the e-mail; good for two weeks, and once.
    #[schema(required)]
    pub token: Option<String>,
}

impl UseCase for VerifyGuestInvitation {
    const NAME: &'static str = "end_users.verify_guest_invitation";
    const POLICY: Policy = Policy::anonymous();
    type Output = InvitationAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<InvitationAnswer> {
        let (token,) = parse_all((random_token("token", self.token.as_deref()),))?;
        let token = app.secrets.hash(token);
        let guest = app.guest_with(call, &token).await?;
        let guest = guest.ok_or(EndUserError::UnknownInvitation)?;
        let invitation = guest.state.invitation_of(&token, app.clock.now())?;
        Ok(InvitationAnswer::guessed(&invitation.email))
    }
}

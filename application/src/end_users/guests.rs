//! Guests: who they are, what they claim, and how they are invited.

use domain::{
    end_users::{EndUser, EndUserEvent, NewInvitation, invitation::guessed_name},
    identities::TokenHash,
    kernel::{EmailAddress, IdToken, PersonName, UserId},
};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::email_claim;
use crate::{
    App, Call, Decision, Loaded, Result, emails::Mail, identities::with_claims, ports::ClaimRef,
};

/// An invitation as whoever sent or got it sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Invitation)]
pub struct InvitationView {
    /// Who is invited.
    pub email_address: String,
    /// The first name; of a guest, a guess.
    pub first_name: String,
    /// The last name; of a guest, a guess.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
}

/// The answer of whatever is about one invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct InvitationAnswer {
    /// The invitation.
    pub invitation: InvitationView,
}

impl InvitationAnswer {
    /// Of a guest, of whom nothing but the address is known.
    #[must_use]
    pub fn guessed(email: &EmailAddress) -> Self {
        Self::of(email, &guessed_name(email))
    }
    /// Of somebody with a name.
    #[must_use]
    pub fn of(email: &EmailAddress, name: &PersonName) -> Self {
        Self {
            invitation: InvitationView {
                email_address: email.to_string(),
                first_name: name.first().to_owned(),
                last_name: name.last().map(str::to_owned),
            },
        }
    }
}

/// What a guest takes so that an address is invited once.
fn guest_claim(digest: &str) -> ClaimRef {
    ClaimRef::platform("guest", digest)
}

/// What a guest is found by when it comes with its token.
fn token_claim(token: &TokenHash) -> ClaimRef {
    ClaimRef::platform("invitation_token", token.as_str())
}

/// What a user holds for itself.
fn held_by(user: &EndUser) -> Vec<ClaimRef> {
    let mut held: Vec<ClaimRef> = user.email_digest().map(email_claim).into_iter().collect();
    if let Some(invitation) = user.invitation() {
        held.extend([guest_claim(&invitation.email_digest), token_claim(&invitation.token)]);
    }
    held
}

/// A decision about a user, with the claims that follow from it.
#[must_use]
pub fn about_user(user: &EndUser, events: Vec<EndUserEvent>) -> Decision<EndUserEvent> {
    with_claims(user, events, held_by)
}

impl App {
    /// The guest who was invited at an address.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn guest_of(
        &self,
        call: &Call,
        email: &EmailAddress,
    ) -> Result<Option<Loaded<EndUser>>> {
        self.claimed_user(call, &guest_claim(&self.email_digest(email))).await
    }

    /// The guest who was invited with a token.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn guest_with(
        &self,
        call: &Call,
        token: &TokenHash,
    ) -> Result<Option<Loaded<EndUser>>> {
        self.claimed_user(call, &token_claim(token)).await
    }

    async fn claimed_user(&self, call: &Call, claim: &ClaimRef) -> Result<Option<Loaded<EndUser>>> {
        let Some(owner) = self.log.owner(claim).await? else { return Ok(None) };
        self.end_users.find(call, &owner.id).await
    }

    /// Somebody who is about to become a guest.
    #[must_use]
    pub fn new_guest(&self) -> Loaded<EndUser> {
        Loaded::new(UserId::new(self.ids.token()).as_str())
    }
}

/// The guest that an event is the cause of: always the same one, however often it is told. `None`
/// without a cause.
#[must_use]
pub fn guest_caused(call: &Call) -> Option<UserId> {
    let cause = format!("guest/{}", call.causation.as_deref()?);
    let bits = Uuid::new_v5(&Uuid::NAMESPACE_OID, cause.as_bytes()).as_u128();
    Some(UserId::new(IdToken::from_bits(bits)))
}

/// Who invites, and what the e-mail calls it.
pub struct Inviter {
    id: UserId,
    name: String,
}

impl Inviter {
    /// Somebody who is known.
    ///
    /// # Errors
    /// Not found; unavailable.
    pub async fn load(app: &App, call: &Call, id: &UserId) -> Result<Self> {
        let user = app.end_users.load(call, id.as_str()).await?;
        let profile = app.user_profiles.find(call, &id.twin("profile")).await?;
        let display = profile.map(|profile| profile.state.display_name().to_owned());
        let known = [display.unwrap_or_default(), user.state.name().first().to_owned()];
        let name = known.into_iter().find(|name| !name.is_empty());
        Ok(Self { id: id.clone(), name: name.unwrap_or_else(|| "Somebody".to_owned()) })
    }

    /// Invites a guest, new or not, with an e-mail: what has to be written.
    ///
    /// # Errors
    /// A rule violation, if it is registered.
    pub fn invite(
        &self,
        app: &App,
        call: &Call,
        guest: &Loaded<EndUser>,
        email: &EmailAddress,
    ) -> Result<Vec<EndUserEvent>> {
        let token = app.secrets.one_time_token();
        let mail = Mail::Invitation {
            to: email.clone(),
            name: guessed_name(email).first().to_owned(),
            inviter: self.name.clone(),
            token: token.token.expose().to_owned(),
        };
        let new = NewInvitation {
            email: email.clone(),
            email_digest: app.email_digest(email),
            token,
            invited_by: self.id.clone(),
            host_region: app.region.to_string(),
        };
        let events = guest.state.invite(new, app.clock.now())?;
        app.mail(call, mail)?;
        record(app, call, &guest.id, email)?;
        Ok(events)
    }
}

/// Tells that somebody was invited, new or not.
///
/// # Errors
/// As [`App::usage`].
pub(super) fn record(app: &App, call: &Call, id: &str, email: &EmailAddress) -> Result<()> {
    let properties = [("ResourceId", json!(id)), ("EmailAddress", json!(email))];
    app.usage(call, "User Guest Invited", &properties)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Caller;

    #[test]
    fn an_event_is_the_cause_of_one_guest() {
        let caused = |cause: Option<&str>| {
            let mut call = Call::new(Caller::maintenance(), "a test".to_owned());
            call.causation = cause.map(str::to_owned);
            guest_caused(&call)
        };
        assert!(caused(Some("a")).is_some());
        assert_eq!(caused(Some("a")), caused(Some("a")));
        assert_ne!(caused(Some("a")), caused(Some("b")));
        assert_eq!(caused(None), None);
    }
}

//! Invitations: how a guest comes to be, and registers.

use super::{EndUser, EndUserError};
use crate::{
    end_users::{
        Access, Classification, EndUserEvent, Invitation, NewInvitation, UserStatus, invitation,
    },
    identities::TokenHash,
    kernel::{EmailAddress, Timestamp},
};

impl EndUser {
    /// Invites somebody, who may be unknown so far, to register. An earlier invitation is void,
    /// whether it had expired or not.
    ///
    /// # Errors
    /// [`EndUserError::AlreadyRegistered`].
    pub fn invite(
        &self,
        new: NewInvitation,
        now: Timestamp,
    ) -> Result<Vec<EndUserEvent>, EndUserError> {
        if self.status == UserStatus::Registered {
            return Err(EndUserError::AlreadyRegistered);
        }
        let mut events = self.begin(new.host_region);
        events.push(EndUserEvent::GuestInvitationCreated {
            invited_by_id: new.invited_by,
            email_digest: new.email_digest,
            token_hash: new.token.hash,
            expires_on: now.plus(invitation::VALID_FOR),
            token: new.token.token,
            email_address: new.email,
        });
        Ok(events)
    }

    /// The invitation that a token accepts.
    ///
    /// # Errors
    /// [`EndUserError::UnknownInvitation`] or [`EndUserError::InvitationExpired`].
    pub fn invitation_of(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<&Invitation, EndUserError> {
        let known = self.invitation_with(token)?;
        if known.is_expired(now) { Err(EndUserError::InvitationExpired) } else { Ok(known) }
    }

    /// The invitation that can be sent once more by its token.
    ///
    /// # Errors
    /// [`EndUserError::UnknownInvitation`] or [`EndUserError::InvitationNotRenewable`].
    pub fn renewable(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<&Invitation, EndUserError> {
        let known = self.invitation_with(token)?;
        if known.is_expired(now) { Err(EndUserError::InvitationNotRenewable) } else { Ok(known) }
    }

    /// Accepts the invitation with the address that the guest registers with; nothing happens if
    /// there is none that could be.
    #[must_use]
    pub fn accept_invitation(&self, email: &EmailAddress, now: Timestamp) -> Vec<EndUserEvent> {
        match &self.invitation {
            Some(known) if !known.is_expired(now) => {
                vec![EndUserEvent::GuestInvitationAccepted {
                    accepted_at_utc: now,
                    accepted_email_address: email.clone(),
                }]
            }
            _ => vec![],
        }
    }

    /// The first event of a person, if there is none yet.
    pub(super) fn begin(&self, host_region: String) -> Vec<EndUserEvent> {
        if self.known {
            return vec![];
        }
        vec![EndUserEvent::Created {
            access: Access::Enabled,
            status: UserStatus::Unregistered,
            classification: Classification::Person,
            host_region,
        }]
    }

    fn invitation_with(&self, token: &TokenHash) -> Result<&Invitation, EndUserError> {
        let known = self.invitation.as_ref().filter(|known| known.token.matches(token));
        known.ok_or(EndUserError::UnknownInvitation)
    }

    /// The invitation that waits for it to register.
    #[must_use]
    pub fn invitation(&self) -> Option<&Invitation> {
        self.invitation.as_ref()
    }
    /// Where it was invited, also once it has registered; empty once it was erased.
    #[must_use]
    pub fn invited_address(&self) -> Option<&EmailAddress> {
        self.invited_address.as_ref()
    }
}

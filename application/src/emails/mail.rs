//! The e-mails that the product writes by itself.

use domain::kernel::EmailAddress;

/// One of them. It has no `Debug`: it may hold a one-time token.
#[derive(Clone, PartialEq, Eq)]
pub enum Mail {
    /// Asks somebody who registered to confirm that the address is theirs.
    ConfirmRegistration {
        /// Who registered.
        to: EmailAddress,
        /// How they are called.
        name: String,
        /// Confirms it, once.
        token: String,
    },
    /// Tells somebody who is registered that somebody tried to register them again.
    RegistrationReattempt {
        /// Who is registered.
        to: EmailAddress,
        /// How they are called.
        name: String,
    },
    /// Lets somebody choose a new password.
    ResetPassword {
        /// Whose password.
        to: EmailAddress,
        /// How they are called.
        name: String,
        /// Allows it, once.
        token: String,
    },
    /// Invites somebody to register.
    Invitation {
        /// Who is invited.
        to: EmailAddress,
        /// How they may be called.
        name: String,
        /// Who invites them.
        inviter: String,
        /// Accepts it, once.
        token: String,
    },
    /// Tells somebody who is not registered that somebody asked for a new password for them.
    ResetUnknown {
        /// Who is not registered.
        to: EmailAddress,
    },
}

impl Mail {
    /// The permanent name, which its templates are called by.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ConfirmRegistration { .. } => "confirm_registration",
            Self::RegistrationReattempt { .. } => "registration_reattempt",
            Self::ResetPassword { .. } => "reset_password",
            Self::Invitation { .. } => "invitation",
            Self::ResetUnknown { .. } => "reset_unknown",
        }
    }
    /// Who gets it.
    #[must_use]
    pub fn to(&self) -> &EmailAddress {
        match self {
            Self::ConfirmRegistration { to, .. }
            | Self::RegistrationReattempt { to, .. }
            | Self::ResetPassword { to, .. }
            | Self::Invitation { to, .. }
            | Self::ResetUnknown { to } => to,
        }
    }
    /// How whoever gets it is called; the address of somebody of whom nothing else is known.
    #[must_use]
    pub fn display_name(&self) -> &str {
        match self {
            Self::ConfirmRegistration { name, .. }
            | Self::RegistrationReattempt { name, .. }
            | Self::ResetPassword { name, .. }
            | Self::Invitation { name, .. } => name,
            Self::ResetUnknown { to } => to.as_str(),
        }
    }
    /// The one-time token that it carries.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::ConfirmRegistration { token, .. }
            | Self::ResetPassword { token, .. }
            | Self::Invitation { token, .. } => Some(token),
            Self::RegistrationReattempt { .. } | Self::ResetUnknown { .. } => None,
        }
    }
    /// Who caused it, where whoever gets it has to know.
    #[must_use]
    pub fn inviter(&self) -> Option<&str> {
        match self {
            Self::Invitation { inviter, .. } => Some(inviter),
            Self::ConfirmRegistration { .. }
            | Self::RegistrationReattempt { .. }
            | Self::ResetPassword { .. }
            | Self::ResetUnknown { .. } => None,
        }
    }
    /// The page of the website that its link leads to, which takes the token.
    #[must_use]
    pub fn page(&self) -> Option<&'static str> {
        match self {
            Self::ConfirmRegistration { .. } => Some("/confirm-password-registration"),
            Self::ResetPassword { .. } => Some("/confirm-password-reset"),
            Self::Invitation { .. } => Some("/register"),
            Self::RegistrationReattempt { .. } | Self::ResetUnknown { .. } => None,
        }
    }
    /// What operators find it by.
    #[must_use]
    pub fn tags(&self) -> &'static [&'static str] {
        match self {
            Self::ConfirmRegistration { .. } | Self::RegistrationReattempt { .. } => {
                &["user", "registration"]
            }
            Self::ResetPassword { .. } | Self::ResetUnknown { .. } => {
                &["user", "authentication", "credential"]
            }
            Self::Invitation { .. } => &["user", "invitation"],
        }
    }
    /// One of each with a sample of what it carries: what templates are tried with.
    #[must_use]
    pub fn samples() -> Vec<Self> {
        let to = EmailAddress::parse("ann@example.com").unwrap_or_default();
        let (name, token) = ("Ann Miller".to_owned(), "a+token".to_owned());
        vec![
            Self::ConfirmRegistration { to: to.clone(), name: name.clone(), token: token.clone() },
            Self::RegistrationReattempt { to: to.clone(), name: name.clone() },
            Self::ResetPassword { to: to.clone(), name: name.clone(), token: token.clone() },
            Self::Invitation { to: to.clone(), name, inviter: "Bob".to_owned(), token },
            Self::ResetUnknown { to },
        ]
    }
}

//! Password credentials: views and use cases.

use domain::identities::Password;
use serde::Serialize;

use crate::{
    App, Error, Result,
    end_users::EndUserView,
    error::FieldError,
    input::{Field, required, secret},
};

pub mod authenticate;
pub mod complete_reset;
pub mod confirm;
pub mod initiate_reset;
pub mod register;
pub mod renew_confirmation;
pub mod resend_reset;
#[cfg(feature = "testing-only")]
pub mod testing_only;
pub mod verify_reset;

/// The password credential of a person.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PersonCredential)]
pub struct PersonCredentialView {
    /// `cred_…`
    pub id: String,
    /// Whether a second factor is asked for.
    pub is_mfa_enabled: bool,
    /// Whose it is.
    pub user: EndUserView,
}

/// A password that keeps the strict rule.
fn password(text: Option<&str>) -> Field<Password> {
    secret(required("password", text, "ValidatorValidator", Password::parse))
}

/// Refuses a new password that is too easy for somebody who knows this about the person.
fn check_strength(app: &App, password: &Password, about: &[&str]) -> Result<()> {
    if !app.password_strength.is_guessable(password, about) {
        return Ok(());
    }
    Err(Error::Validation(vec![FieldError {
        reason: "The password is too easy to guess".to_owned(),
        rule: "PredicateValidator",
        value: None,
    }]))
}

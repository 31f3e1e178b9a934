//! What giving and taking roles of the platform share.

use domain::{
    end_users::{EndUser, EndUserError, EndUserEvent},
    kernel::{UserId, roles::Role, text::is_word},
};
use serde_json::Value;

use super::EndUserAnswer;
use crate::{
    App, Call, Result,
    error::FieldError,
    input::{Field, id, parse_all},
    ports::Audited,
};

/// What is done with the roles of a user.
pub(super) struct Change {
    /// What it is audited as.
    pub code: &'static str,
    /// The sentence of the audit: by whom, which roles, and whose.
    pub template: &'static str,
    /// Decides.
    pub decide: Decide,
}

/// Decides about the roles of a user; by whom is the last.
type Decide = fn(&EndUser, &[Role], &EndUser) -> Result<Vec<EndUserEvent>, EndUserError>;

impl Change {
    /// Changes roles. Whether the user is known is found out before its roles are judged.
    ///
    /// # Errors
    /// Validation, if the id is malformed, or the list is empty or has what can't be a role; not
    /// found; a rule violation, if the caller is no operator or it has what is no role.
    pub async fn run(
        &self,
        app: &App,
        call: &Call,
        user: Option<&str>,
        roles: Option<&[String]>,
    ) -> Result<EndUserAnswer> {
        let (id, names) = parse_all((id("id", user, UserId::parse), names(roles)))?;
        app.end_users.load(call, id.as_str()).await?;
        // What the token says may be outdated.
        let by = app.end_users.load(call, call.caller.id.as_str()).await?.state;
        by.must_operate()?;
        let roles = known(names)?;
        self.audit(app, call, &id, &roles)?;
        let decide = |user: &EndUser| (self.decide)(user, &roles, &by);
        let user = app.end_users.change(call, id.as_str(), decide).await?;
        Ok(EndUserAnswer::from(&user))
    }

    fn audit(&self, app: &App, call: &Call, user: &UserId, roles: &[Role]) -> Result<()> {
        let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        app.audit(
            call,
            &Audited {
                code: self.code,
                against: Some(user),
                template: self.template,
                arguments: &[call.caller.id.as_str(), &names.join(", "), user.as_str()],
            },
        )
    }
}

/// Finds roles by their names, whatever the case.
fn known(names: &[String]) -> Result<Vec<Role>, EndUserError> {
    let role = |name: &String| {
        let known = Role::ALL.iter().find(|role| role.name().eq_ignore_ascii_case(name));
        known.copied().ok_or(EndUserError::RoleNotAssignable)
    };
    names.iter().map(role).collect()
}

/// Reads a list of roles, each of which could be one.
pub(crate) fn names(roles: Option<&[String]>) -> Field<&[String]> {
    let refused = |reason: &str, rule, value| FieldError { reason: reason.to_owned(), rule, value };
    let names = roles.filter(|names| !names.is_empty()).ok_or_else(|| {
        refused("'Roles' must not be empty.", "NotEmptyValidator", roles.map(Value::from))
    })?;
    match names.iter().find(|name| !is_name(name)) {
        None => Ok(names),
        Some(bad) => {
            let value = Some(Value::from(bad.as_str()));
            Err(refused("A role is invalid", "RegularExpressionValidator", value))
        }
    }
}

fn is_name(text: &str) -> bool {
    (4..=30).contains(&text.chars().count()) && text.chars().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn roles_are_found_whatever_their_case() {
        let roles = known(&given(&["platform_standard", "Platform_Operations"]));
        assert_eq!(roles, Ok(vec![Role::PlatformStandard, Role::PlatformOperations]));
    }

    #[test]
    fn what_can_not_be_a_role_is_told_from_what_is_none() {
        for bad in [&[][..], &["abc"], &["a role"], &["platform_standard", &"a".repeat(31)]] {
            assert!(names(Some(&given(bad))).is_err(), "{bad:?}");
        }
        assert!(names(None).is_err());
        let unheard_of = given(&["platform_unheard_of"]);
        assert!(names(Some(&unheard_of)).is_ok());
        assert_eq!(known(&unheard_of), Err(EndUserError::RoleNotAssignable));
    }
}

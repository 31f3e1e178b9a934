//! The part that giving and taking roles share: a user, and a list of roles.

use domain::{
    end_users::EndUserError,
    kernel::{UserId, roles::Role, text::is_word},
};
use serde_json::Value;

use crate::{
    Result,
    error::FieldError,
    input::{Field, id, parse_all},
};

/// Reads the id of a user and the roles that it is about.
///
/// # Errors
/// Validation, if the id is malformed, or the list is empty or has what can't be a role; a rule
/// violation, if it has what is no role.
pub fn parse_with_roles(
    user: Option<&str>,
    roles: Option<&[String]>,
) -> Result<(UserId, Vec<Role>)> {
    let (user, names) = parse_all((id("id", user, UserId::parse), names(roles)))?;
    let role = |name: &String| {
        let known = Role::ALL.iter().find(|role| role.name().eq_ignore_ascii_case(name));
        known.copied().ok_or(EndUserError::RoleNotAssignable)
    };
    Ok((user, names.iter().map(role).collect::<Result<_, _>>()?))
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
    use domain::kernel::ErrorKind;

    use super::*;
    use crate::Error;

    const USER: Option<&str> = Some("user_aaaaaaaaaa");

    fn parse(names: &[&str]) -> Result<(UserId, Vec<Role>)> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        parse_with_roles(USER, Some(&names))
    }

    #[test]
    fn roles_are_found_whatever_their_case() {
        let (_, roles) = parse(&["platform_standard", "Platform_Operations"]).expect("known");
        assert_eq!(roles, [Role::PlatformStandard, Role::PlatformOperations]);
    }

    #[test]
    fn what_can_not_be_a_role_is_told_from_what_is_none() {
        for bad in [&[][..], &["abc"], &["a role"], &["platform_standard", &"a".repeat(31)]] {
            assert!(matches!(parse(bad), Err(Error::Validation(_))), "{bad:?}");
        }
        assert!(
            matches!(parse_with_roles(None, None), Err(Error::Validation(all)) if all.len() == 2)
        );
        let error = parse(&["platform_unheard_of"]).expect_err("unknown");
        assert_eq!(error.kind(), Some(ErrorKind::Rule));
    }
}

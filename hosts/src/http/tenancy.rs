//! Whose data a request is about.

use application::{Caller, Error, Result, Tenancy, caller::CallerKind};
use domain::kernel::{ErrorKind, OrganizationId, roles::Role};

use super::{
    binding::{Body, Parameters},
    pairs::Pairs,
};

/// The places of a request that may name an organization.
#[derive(Debug)]
pub struct Places<'a> {
    /// The header `Tenant`.
    pub header: Option<&'a str>,
    /// The values of the path.
    pub path: &'a Parameters<'a>,
    /// The query string.
    pub query: &'a Pairs<'a>,
    /// The body.
    pub body: &'a Body<'a>,
}

/// Finds the organization of a request and checks that the caller belongs to it.
///
/// # Errors
/// Forbidden, if the places name different ones or the caller is no member; invalid, if none is
/// found where one is needed, or it is no id.
pub fn detect(
    tenancy: Tenancy,
    places: &Places<'_>,
    caller: &Caller,
) -> Result<Option<OrganizationId>> {
    let named = match places.named(tenancy)? {
        Some(named) => named.to_owned(),
        None if tenancy == Tenancy::Untenanted => return Ok(None),
        None if caller.kind == CallerKind::Anonymous => return Err(missing()),
        None => caller.organizations.first().ok_or_else(missing)?.as_str().to_owned(),
    };
    let id = OrganizationId::parse(&named);
    let operator =
        tenancy == Tenancy::Untenanted && caller.has_role(Role::PlatformOperations, None);
    let is_member = || id.as_ref().is_ok_and(|id| caller.organizations.contains(id));
    if caller.kind == CallerKind::User && !operator && !is_member() {
        return Err(not_a_member(&named));
    }
    id.map(Some).map_err(|_| {
        Error::refused(
            ErrorKind::Invalid,
            "invalid_organization",
            "The 'OrganizationId' of the request is invalid",
        )
    })
}

impl Places<'_> {
    /// The organization that is named, if every place that names one agrees.
    fn named(&self, tenancy: Tenancy) -> Result<Option<&str>> {
        let names: &[&str] = match tenancy {
            Tenancy::Tenanted => &["organizationId"],
            Tenancy::Organization => &["id"],
            Tenancy::Untenanted => &["organizationId", "tenantId"],
        };
        let mut found = self.header.map(str::trim).filter(|value| !value.is_empty());
        for name in names {
            let path = self.path.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
            let everywhere = path
                .map(|(_, value)| value.as_ref())
                .chain(self.query.all(name))
                .chain(self.body.all(name))
                .filter(|value| !value.is_empty());
            for value in everywhere {
                match found {
                    None => found = Some(value),
                    Some(other) if other == value => {}
                    Some(_) => return Err(disagreement()),
                }
            }
        }
        Ok(found)
    }
}

fn missing() -> Error {
    Error::refused(
        ErrorKind::Invalid,
        "missing_organization",
        "The ID of the organization is missing from this request",
    )
}

fn disagreement() -> Error {
    Error::refused(
        ErrorKind::Forbidden,
        "organizations_differ",
        "The request names more than one organization",
    )
}

fn not_a_member(organization: &str) -> Error {
    // What is no id may be anything, of any length: show what an id can be at most.
    let shown: String = organization.chars().filter(|c| !c.is_control()).take(43).collect();
    Error::refused(
        ErrorKind::Forbidden,
        "not_a_member",
        format!("The authenticated user is not a member of organization '{shown}'"),
    )
}

#[cfg(test)]
mod tests {
    use domain::kernel::UserId;

    use super::*;

    const MINE: &str = "org_mineminemine";
    const OTHER: &str = "org_otherotherother";

    fn user() -> Caller {
        let id = UserId::parse("user_aaaaaaaaaaaa").expect("valid");
        let organizations = vec![OrganizationId::parse(MINE).expect("valid")];
        Caller { id, kind: CallerKind::User, organizations, ..Caller::anonymous() }
    }

    fn nobodys() -> Caller {
        Caller { organizations: vec![], ..user() }
    }

    fn operator() -> Caller {
        Caller { roles: vec![(Role::PlatformOperations, None)], ..user() }
    }

    #[derive(Clone, Copy, Default)]
    struct Named {
        header: Option<&'static str>,
        path: Option<&'static str>,
        query: &'static str,
        body: &'static str,
    }

    /// The organization, or the code of the refusal.
    fn detected(tenancy: Tenancy, caller: &Caller, named: Named) -> String {
        let path = named.path.map(|value| ("organizationId", value.into())).into_iter().collect();
        let object = serde_json::from_str(named.body).unwrap_or_default();
        let places = Places {
            header: named.header,
            path: &path,
            query: &Pairs::parse(named.query),
            body: &Body::Json(object),
        };
        match detect(tenancy, &places, caller) {
            Ok(found) => found.map_or_else(String::new, |id| id.to_string()),
            Err(Error::Refused { code, .. }) => code.to_owned(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn any_place_names_the_organization() {
        for named in [
            Named { header: Some(MINE), ..Named::default() },
            Named { path: Some(MINE), ..Named::default() },
            Named { query: "ORGANIZATIONID=org_mineminemine", ..Named::default() },
            Named { body: r#"{"OrganizationId":"org_mineminemine"}"#, ..Named::default() },
        ] {
            assert_eq!(detected(Tenancy::Tenanted, &user(), named), MINE);
        }
    }

    #[test]
    fn places_that_disagree_are_refused() {
        for named in [
            Named { header: Some(MINE), query: "organizationId=org_x", ..Named::default() },
            Named { query: "organizationId=a&OrganizationId=b", ..Named::default() },
            Named { path: Some(MINE), body: r#"{"organizationId":"x"}"#, ..Named::default() },
        ] {
            let found = detected(Tenancy::Tenanted, &user(), named);
            assert_eq!(found, "organizations_differ");
        }
    }

    #[test]
    fn the_default_organization_fills_in() {
        let found = detected(Tenancy::Tenanted, &user(), Named::default());
        assert_eq!(found, MINE);
        for caller in [nobodys(), Caller::anonymous()] {
            let found = detected(Tenancy::Tenanted, &caller, Named::default());
            assert_eq!(found, "missing_organization");
        }
        assert_eq!(detected(Tenancy::Untenanted, &user(), Named::default()), "");
    }

    #[test]
    fn users_must_be_members_and_others_need_not() {
        let other = || Named { header: Some(OTHER), ..Named::default() };
        let tenanted = Tenancy::Tenanted;
        assert_eq!(detected(tenanted, &user(), other()), "not_a_member");
        assert_eq!(detected(tenanted, &operator(), other()), "not_a_member");
        assert_eq!(detected(Tenancy::Untenanted, &operator(), other()), OTHER);
        assert_eq!(detected(tenanted, &Caller::maintenance(), other()), OTHER);
        assert_eq!(detected(tenanted, &Caller::anonymous(), other()), OTHER);
    }

    #[test]
    fn a_malformed_id_is_foreign_to_users_and_invalid_to_others() {
        let bad = || Named { header: Some("nope"), ..Named::default() };
        assert_eq!(detected(Tenancy::Tenanted, &user(), bad()), "not_a_member");
        let found = detected(Tenancy::Tenanted, &Caller::maintenance(), bad());
        assert_eq!(found, "invalid_organization");
    }
}

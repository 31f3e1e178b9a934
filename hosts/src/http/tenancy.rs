//! Whose data a request is about.

use application::{Call, Error, Result, Tenancy, caller::CallerKind, ports::Memberships};
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
/// found where one is needed, or it is no id; unavailable.
pub async fn detect(
    tenancy: Tenancy,
    places: &Places<'_>,
    memberships: &dyn Memberships,
    call: &Call,
) -> Result<Option<OrganizationId>> {
    let caller = &call.caller;
    let named = match places.named(tenancy)? {
        Some(named) => named.to_owned(),
        None if tenancy == Tenancy::Untenanted => return Ok(None),
        None if caller.kind == CallerKind::Anonymous => return Err(missing()),
        None => {
            memberships.default_organization(caller).await?.ok_or_else(missing)?.as_str().to_owned()
        }
    };
    let id = OrganizationId::parse(&named);
    let operator =
        tenancy == Tenancy::Untenanted && caller.has_role(Role::PlatformOperations, None);
    if caller.kind == CallerKind::User && !operator {
        let member = match &id {
            Ok(id) => memberships.is_member(caller, id).await?,
            Err(_) => false,
        };
        if !member {
            return Err(not_a_member(&named));
        }
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
    use application::Caller;
    use async_trait::async_trait;
    use domain::kernel::UserId;

    use super::*;

    const MINE: &str = "org_mineminemine";
    const OTHER: &str = "org_otherotherother";

    struct One(bool);

    #[async_trait]
    impl Memberships for One {
        async fn is_member(&self, _: &Caller, organization: &OrganizationId) -> Result<bool> {
            Ok(organization.as_str() == MINE)
        }
        async fn default_organization(&self, _: &Caller) -> Result<Option<OrganizationId>> {
            Ok(self.0.then(|| OrganizationId::parse(MINE).expect("valid")))
        }
    }

    fn user() -> Caller {
        let id = UserId::parse("user_aaaaaaaaaaaa").expect("valid");
        Caller { id, kind: CallerKind::User, ..Caller::anonymous() }
    }

    fn operator() -> Caller {
        Caller { roles: vec![(Role::PlatformOperations, None)], ..user() }
    }

    #[derive(Default)]
    struct Named {
        header: Option<&'static str>,
        path: Option<&'static str>,
        query: &'static str,
        body: &'static str,
    }

    /// The organization, or the code of the refusal.
    async fn detected(tenancy: Tenancy, caller: Caller, named: Named, default: bool) -> String {
        let path = named.path.map(|value| ("organizationId", value.into())).into_iter().collect();
        let object = serde_json::from_str(named.body).unwrap_or_default();
        let places = Places {
            header: named.header,
            path: &path,
            query: &Pairs::parse(named.query),
            body: &Body::Json(object),
        };
        let call = Call::new(caller, String::new());
        match detect(tenancy, &places, &One(default), &call).await {
            Ok(found) => found.map_or_else(String::new, |id| id.to_string()),
            Err(Error::Refused { code, .. }) => code.to_owned(),
            Err(other) => panic!("{other}"),
        }
    }

    #[actix_web::test]
    async fn any_place_names_the_organization() {
        for named in [
            Named { header: Some(MINE), ..Named::default() },
            Named { path: Some(MINE), ..Named::default() },
            Named { query: "ORGANIZATIONID=org_mineminemine", ..Named::default() },
            Named { body: r#"{"OrganizationId":"org_mineminemine"}"#, ..Named::default() },
        ] {
            assert_eq!(detected(Tenancy::Tenanted, user(), named, false).await, MINE);
        }
    }

    #[actix_web::test]
    async fn places_that_disagree_are_refused() {
        for named in [
            Named { header: Some(MINE), query: "organizationId=org_x", ..Named::default() },
            Named { query: "organizationId=a&OrganizationId=b", ..Named::default() },
            Named { path: Some(MINE), body: r#"{"organizationId":"x"}"#, ..Named::default() },
        ] {
            let found = detected(Tenancy::Tenanted, user(), named, true).await;
            assert_eq!(found, "organizations_differ");
        }
    }

    #[actix_web::test]
    async fn the_default_organization_fills_in() {
        let found = detected(Tenancy::Tenanted, user(), Named::default(), true).await;
        assert_eq!(found, MINE);
        for (caller, default) in [(user(), false), (Caller::anonymous(), true)] {
            let found = detected(Tenancy::Tenanted, caller, Named::default(), default).await;
            assert_eq!(found, "missing_organization");
        }
        assert_eq!(detected(Tenancy::Untenanted, user(), Named::default(), true).await, "");
    }

    #[actix_web::test]
    async fn users_must_be_members_and_others_need_not() {
        let other = || Named { header: Some(OTHER), ..Named::default() };
        let tenanted = Tenancy::Tenanted;
        assert_eq!(detected(tenanted, user(), other(), true).await, "not_a_member");
        assert_eq!(detected(tenanted, operator(), other(), true).await, "not_a_member");
        assert_eq!(detected(Tenancy::Untenanted, operator(), other(), true).await, OTHER);
        assert_eq!(detected(tenanted, Caller::maintenance(), other(), true).await, OTHER);
        assert_eq!(detected(tenanted, Caller::anonymous(), other(), true).await, OTHER);
    }

    #[actix_web::test]
    async fn a_malformed_id_is_foreign_to_users_and_invalid_to_others() {
        let bad = || Named { header: Some("nope"), ..Named::default() };
        assert_eq!(detected(Tenancy::Tenanted, user(), bad(), true).await, "not_a_member");
        let found = detected(Tenancy::Tenanted, Caller::maintenance(), bad(), true).await;
        assert_eq!(found, "invalid_organization");
    }
}

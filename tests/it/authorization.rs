//! Who may call what: every route of the product against every kind of caller. The routes come
//! from the product's own list, so a new one is covered as soon as it exists.

use acceptance::{Person, Request, TestApp, on_every_deployment, people::Grants};
use application::{Access, Tenancy};
use domain::kernel::{
    OrganizationId,
    roles::{Feature, Role},
};
use hosts::{
    http::route::{Described, Route, Verb},
    routes,
};
use reqwest::Method;
use serde_json::Value;

on_every_deployment!(
    without_a_proof_only_anonymous_routes_answer,
    a_bad_proof_is_no_proof,
    a_foreign_organization_is_refused,
    a_missing_role_or_feature_is_refused,
    whoever_holds_what_is_needed_passes,
    every_level_opens_what_it_covers_and_nothing_else,
);

/// A user that a path names.
const SOMEBODY: &str = "user_0123456789abcdef";

/// Anything else that a path names.
const SOMETHING: &str = "car_0123456789abcdef";

/// One way to call a route.
struct Probe {
    route: &'static Route,
    method: Method,
    path: String,
}

/// Every route with every method that it answers.
fn probes() -> Vec<Probe> {
    let all: Vec<_> = routes::ALL.iter().flat_map(|(_, list)| list.iter()).collect();
    assert!(all.len() > 8, "the lists are empty");
    all.into_iter()
        // It empties every store, and the other probes' with it; it has tests of its own.
        .filter(|route| !route.path.ends_with("/destroy"))
        // Third parties prove themselves in their own ways, which have tests of their own.
        .filter(|route| !route.path.starts_with("/webhooks/"))
        .flat_map(|route| {
            let path = sample_path(route);
            methods(route.verb).into_iter().map(move |method| {
                let path = path.clone();
                Probe { route, method, path }
            })
        })
        .collect()
}

fn methods(verb: Verb) -> Vec<Method> {
    match verb {
        Verb::Get => vec![Method::GET, Method::HEAD],
        Verb::Post => vec![Method::POST],
        Verb::PutPatch => vec![Method::PUT, Method::PATCH],
        Verb::Delete => vec![Method::DELETE],
    }
}

/// The route's path with values that its own input accepts.
fn sample_path(route: &Route) -> String {
    let input = (route.input)();
    let fill = |segment: &str| {
        let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            return segment.to_owned();
        };
        sample(&input, name).unwrap_or_else(|| {
            panic!("{}: its input says nothing of {name}, so it can't be called", route.path)
        })
    };
    route.path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

fn sample(input: &Described, name: &str) -> Option<String> {
    let schema = serde_json::to_value(&input.schema).unwrap();
    let property = property(input, &schema, name)?;
    let referenced = referenced(input, &property);
    let choices = referenced.as_ref().unwrap_or(&property)["enum"].as_array().cloned();
    let text = match choices.as_deref() {
        Some([first, ..]) => first.as_str().unwrap_or("1").to_owned(),
        _ if property["type"].to_string().contains("integer") => "1".to_owned(),
        _ if name == "userId" => SOMEBODY.to_owned(),
        _ if name.to_ascii_lowercase().ends_with("id") => SOMETHING.to_owned(),
        _ => "text".to_owned(),
    };
    Some(text)
}

/// A property of a schema, or of one of those that it is made of.
fn property(input: &Described, schema: &Value, name: &str) -> Option<Value> {
    if let Some(found) = schema["properties"].get(name) {
        return Some(found.clone());
    }
    schema["allOf"].as_array()?.iter().find_map(|part| {
        // Members of its own may refer to others, too.
        let own = part["properties"].is_object();
        let referenced = if own { None } else { referenced(input, part) };
        property(input, referenced.as_ref().unwrap_or(part), name)
    })
}

/// What `$ref` leads to, also when the property may be null.
fn referenced(input: &Described, property: &Value) -> Option<Value> {
    let text = property.to_string();
    let (_, rest) = text.split_once("#/components/schemas/")?;
    let name = rest.split('"').next()?;
    let (_, schema) = input.components.iter().find(|(known, _)| known == name)?;
    Some(serde_json::to_value(schema).unwrap())
}

impl Probe {
    /// About this organization, if the route is about an organization itself.
    fn about(mut self, organization: &OrganizationId) -> Self {
        if self.route.policy.tenancy == Tenancy::Organization {
            self.path = self.path.replace(SOMETHING, organization.as_str());
        }
        self
    }

    /// With a role that the route does not ask for, but that makes its holder a member of the
    /// organization that the route is about.
    fn belonging(&self, mut grants: Grants, organization: &OrganizationId) -> Grants {
        if self.route.policy.tenancy == Tenancy::Organization {
            grants.roles.push((Role::TenantTestingOnly, Some(organization.clone())));
        }
        grants
    }

    fn call(&self, app: &TestApp) -> Request {
        let request = app.request(self.method.clone(), &self.path);
        if self.route.is_command() { request.body("application/json", "{}") } else { request }
    }

    /// Expects a refusal in the common shape; a HEAD has no body to look at.
    async fn refused(&self, request: Request, status: u16) {
        let answer = request.send().await.expect(status);
        if status == 401 {
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{answer}");
        }
        if self.method != Method::HEAD {
            let _ = answer.problem(status);
        }
    }

    /// Expects that the checks let it pass; what the operation then says is its own matter.
    async fn passed(&self, request: Request) {
        let answer = request.send().await;
        assert!(![401, 403].contains(&answer.status.as_u16()), "{answer}");
        assert!(answer.status != 404 || self.method != Method::HEAD || answer.body.is_empty());
    }

    /// With every signature that the route could want, so that only the rest decides.
    fn signed(&self, app: &TestApp, request: Request) -> Request {
        let body: &[u8] = if self.route.is_command() { b"{}" } else { b"" };
        match self.route.policy.access {
            Access::Anonymous | Access::Token => request,
            Access::Hmac | Access::HmacOrToken => {
                request.header("x-hmac-signature", &app.hmac.sign(body))
            }
            Access::InterHost => {
                request.header("x-interhost-signature", &app.inter_host.sign(body))
            }
        }
    }
}

async fn without_a_proof_only_anonymous_routes_answer(app: &TestApp) {
    for probe in probes() {
        let request = probe.call(app);
        if probe.route.policy.access == Access::Anonymous {
            probe.passed(request).await;
        } else {
            probe.refused(request, 401).await;
        }
    }
    assert_eq!(app.head().await, 0);
}

async fn a_bad_proof_is_no_proof(app: &TestApp) {
    let owner = app.owner();
    let (forged, expired) = (app.forged_token(&owner), app.expired_token(&owner));
    for probe in probes() {
        let wrong = app.another_deployments_signature(b"{}");
        let requests = [
            probe.call(app).bearer("nonsense"),
            probe.call(app).bearer(&forged),
            probe.call(app).bearer(&expired),
            probe.call(app).header("authorization", "Basic nonsense"),
            probe.call(app).header("x-hmac-signature", &wrong),
            probe.call(app).header("x-interhost-signature", &wrong),
        ];
        for request in requests {
            if probe.route.policy.access == Access::Anonymous {
                probe.passed(request).await;
            } else {
                probe.refused(request, 401).await;
            }
        }
        // The proof of another access is no proof for this one.
        match probe.route.policy.access {
            Access::Anonymous => {}
            Access::Token => {
                let signature = app.hmac.sign(b"{}");
                let request = probe.call(app).header("x-hmac-signature", &signature);
                probe.refused(request, 401).await;
            }
            Access::Hmac | Access::InterHost => {
                probe.refused(probe.call(app).by(&owner), 401).await;
            }
            Access::HmacOrToken => probe.passed(probe.signed(app, probe.call(app))).await,
        }
    }
    assert_eq!(app.head().await, 0);
}

async fn a_foreign_organization_is_refused(app: &TestApp) {
    let (owner, stranger) = (app.owner(), app.owner());
    let mut tenanted = 0;
    for probe in probes() {
        let request = match probe.route.policy.tenancy {
            Tenancy::Tenanted => {
                let request = probe.call(app).by(&stranger);
                request.header("tenant", owner.organization.as_str())
            }
            Tenancy::Organization => {
                let probe = probe.about(&owner.organization);
                probe.refused(probe.call(app).by(&stranger), 403).await;
                continue;
            }
            Tenancy::Untenanted => continue,
        };
        tenanted += 1;
        probe.refused(request, 403).await;
    }
    assert!(tenanted > 0);
    assert_eq!(app.head().await, 0);
}

async fn a_missing_role_or_feature_is_refused(app: &TestApp) {
    for probe in probes() {
        let policy = probe.route.policy;
        // Who signs is a service account, which holds one set of grants.
        if !matches!(policy.access, Access::Token | Access::HmacOrToken) {
            continue;
        }
        let organization = app.organization();
        let probe = probe.about(&organization);
        let (role, feature) = policy.requirements();
        // The organization is named by a role that the route does not ask for, so that the caller
        // belongs to it and only the missing grant decides.
        let member = |mut grants: Grants| {
            grants.roles.push((Role::TenantTestingOnly, Some(organization.clone())));
            holding(app, &organization, grants)
        };
        if role.is_some() {
            let caller = member(Grants::exactly(None, feature, &organization));
            probe.refused(probe.call(app).by(&caller), 403).await;
        }
        if feature.is_some() {
            let caller = member(Grants::exactly(role, None, &organization));
            probe.refused(probe.call(app).by(&caller), 403).await;
        }
        // What is held within another organization does not count in this one.
        let mut grants = Grants::exactly(role, feature, &app.organization());
        grants.roles.push((Role::TenantTestingOnly, Some(organization.clone())));
        let elsewhere = holding(app, &organization, grants);
        if policy.tenancy == Tenancy::Tenanted {
            let named = organization.as_str();
            let request = probe.call(app).by(&elsewhere).header("tenant", named);
            probe.refused(request, 403).await;
        }
    }
    assert_eq!(app.head().await, 0);
}

async fn whoever_holds_what_is_needed_passes(app: &TestApp) {
    for probe in probes() {
        let organization = app.organization();
        let mut probe = probe.about(&organization);
        let (role, feature) = probe.route.policy.requirements();
        let grants = probe.belonging(Grants::exactly(role, feature, &organization), &organization);
        let caller = holding(app, &organization, grants);
        // What belongs to a user is its own.
        probe.path = probe.path.replace(SOMEBODY, caller.user.as_str());
        let request = match probe.route.policy.access {
            Access::Hmac => probe.call(app),
            Access::Anonymous | Access::Token | Access::HmacOrToken | Access::InterHost => {
                probe.call(app).by(&caller)
            }
        };
        probe.passed(probe.signed(app, request)).await;
    }
}

/// Every role with the feature that is needed, and every feature with the role that is.
async fn every_level_opens_what_it_covers_and_nothing_else(app: &TestApp) {
    for probe in probes() {
        let (role, feature) = probe.route.policy.requirements();
        if !matches!(probe.route.policy.access, Access::Token | Access::HmacOrToken) {
            continue;
        }
        let organization = app.organization();
        let probe = probe.about(&organization);
        let roles = role.into_iter().flat_map(|needed| {
            Role::ALL.iter().map(move |held| (Some(*held), feature, held.covers(needed)))
        });
        let features = feature.into_iter().flat_map(|needed| {
            Feature::ALL.iter().map(move |held| (role, Some(*held), held.covers(needed)))
        });
        for (role, feature, enough) in roles.chain(features) {
            let grants = Grants::exactly(role, feature, &organization);
            let caller = holding(app, &organization, probe.belonging(grants, &organization));
            let path = probe.path.replace(SOMEBODY, caller.user.as_str());
            let own = Probe { path, method: probe.method.clone(), ..probe };
            if enough {
                own.passed(own.call(app).by(&caller)).await;
            } else {
                own.refused(own.call(app).by(&caller), 403).await;
            }
        }
    }
}

fn holding(app: &TestApp, organization: &OrganizationId, grants: Grants) -> Person {
    app.person(app.user(), organization.clone(), grants)
}

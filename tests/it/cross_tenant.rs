//! Nobody sees, changes or even finds out about what belongs to another tenant: every route of the
//! product, called by somebody of another tenant in every way that can name what is not theirs.
//! The routes come from the product's own list, so a new one is covered as soon as it exists.

use acceptance::{Answer, Person, Request, TestApp, on_every_deployment, registrations::ann};
use application::Access;
use base64::{Engine, engine::general_purpose::STANDARD};
use hosts::{
    http::route::{Route, Verb},
    routes,
};
use reqwest::Method;
use serde_json::{Value, json};

on_every_deployment!(what_is_of_another_tenant_is_as_good_as_unknown);

/// What somebody has, by id.
struct Belongings {
    user: String,
    organization: String,
    car: String,
    key: String,
}

/// Somebody who shares an organization, with everything in it that has an id.
struct Tenant {
    person: Person,
    api_key: String,
    has: Belongings,
}

impl Tenant {
    async fn begin(app: &TestApp, email: &str) -> Self {
        let founder = app.registered(ann(email)).await;
        let found = app.post("/organizations").by(&founder).json(&json!({ "name": "Shared" }));
        let answer = found.send().await.expect(200).json();
        let organization = answer["organization"]["id"].as_str().unwrap().to_owned();
        app.settle().await;
        let person = app.signed_in(&founder.user).await;
        assert_eq!(person.organization.as_str(), organization);
        let car = app.register_car(&person).await;
        let made = app.post("/apikeys").by(&person).json(&json!({})).send().await.expect(200);
        let api_key = made.json()["apiKey"].as_str().unwrap().to_owned();
        let keys = app.get("/apikeys").by(&person).send().await.expect(200).json();
        let key = keys["keys"][0]["id"].as_str().unwrap().to_owned();
        let user = person.user.to_string();
        Self { person, api_key, has: Belongings { user, organization, car, key } }
    }
}

impl Belongings {
    /// Well-formed ids of nothing.
    fn nobodys(app: &TestApp) -> Self {
        let random = || app.user().as_str().trim_start_matches("user_").to_owned();
        Self {
            user: format!("user_{}", random()),
            organization: format!("org_{}", random()),
            car: format!("car_{}", random()),
            key: format!("apikey_{}", random()),
        }
    }

    /// Every id is another's of the same kind.
    fn ids(&self) -> [(&str, &'static str); 4] {
        [
            (&self.user, "USER"),
            (&self.organization, "ORGANIZATION"),
            (&self.car, "CAR"),
            (&self.key, "KEY"),
        ]
    }

    /// The path of a route about these.
    fn path(&self, route: &Route) -> String {
        let mut area = "";
        let fill = |segment: &'static str| {
            let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            let Some(name) = name else {
                if area.is_empty() {
                    area = segment;
                }
                return segment;
            };
            match (area, name) {
                ("cars", "id") => &self.car,
                ("organizations" | "subscriptions", "id") => &self.organization,
                ("apikeys", "id") => &self.key,
                ("users", "id") | ("organizations" | "profiles", "userId") => &self.user,
                _ => panic!("{}: what is {name}? Say it here", route.path),
            }
        };
        route.path.split('/').map(fill).collect::<Vec<_>>().join("/")
    }

    /// What an answer says, whoever's ids are in it.
    fn anonymous(&self, answer: &Answer) -> (u16, String) {
        let mut text = answer.text();
        for (id, kind) in self.ids() {
            text = text.replace(id, kind);
        }
        (answer.status.as_u16(), text)
    }
}

/// Where a request names an organization besides its path.
#[derive(Clone, Copy, Debug)]
enum Place {
    Nowhere,
    Header,
    Query,
    Body,
}

const PLACES: [Place; 4] = [Place::Nowhere, Place::Header, Place::Query, Place::Body];

/// Everything that names things of tenants; whoever has a token of an invitation, a confirmation
/// or a session has it by right.
fn concerned() -> impl Iterator<Item = &'static Route> {
    let all = routes::ALL.iter().flat_map(|(_, list)| list.iter());
    all.filter(|route| {
        !["/testingonly", "/webhooks/"].iter().any(|prefix| route.path.starts_with(prefix))
            && !route.path.contains("oken}")
            && matches!(route.policy.access, Access::Token | Access::HmacOrToken)
    })
}

fn methods(verb: Verb) -> Vec<Method> {
    match verb {
        Verb::Get => vec![Method::GET],
        Verb::Post => vec![Method::POST],
        Verb::PutPatch => vec![Method::PUT, Method::PATCH],
        Verb::Delete => vec![Method::DELETE],
    }
}

/// A body that every route finds what it needs in, about these.
fn body(app: &TestApp, of: &Belongings, named: Option<&str>) -> Value {
    let mut body = app.slot(30, 31);
    let members = json!({
        "name": "Another",
        "userId": of.user,
        "roles": ["tenant_owner"],
        "planId": "_simple_standard",
        "providerName": "simple_billing_provider",
        "providerState": { "BuyerId": "b", "SubscriptionId": "s" },
        "firstName": "Another",
        "email": "somebody@company.com",
    });
    let known = body.as_object_mut().unwrap();
    known.extend(members.as_object().unwrap().clone());
    if let Some(named) = named {
        known.insert("organizationId".to_owned(), Value::from(named));
    }
    body
}

/// One call of a route about these, which names an organization in one more place.
fn call(
    app: &TestApp,
    route: &Route,
    method: &Method,
    of: &Belongings,
    place: Place,
    named: &str,
) -> Request {
    let mut path = of.path(route);
    if let Place::Query = place {
        path = format!("{path}?organizationId={named}");
    }
    let mut request = app.request(method.clone(), &path);
    if let Place::Header = place {
        request = request.header("tenant", named);
    }
    if route.is_command() {
        let named = matches!(place, Place::Body).then_some(named);
        request = request.json(&body(app, of, named));
    }
    request
}

/// With every proof that the stranger has.
fn proofs(stranger: &Tenant) -> [String; 2] {
    let key = STANDARD.encode(format!("{}:", stranger.api_key));
    [format!("Bearer {}", stranger.person.token), format!("Basic {key}")]
}

async fn what_is_of_another_tenant_is_as_good_as_unknown(app: &TestApp) {
    let owner = Tenant::begin(app, "ann@company.com").await;
    let stranger = Tenant::begin(app, "bob@company.com").await;
    let nobodys = Belongings::nobodys(app);
    app.settle().await;
    let before = app.end_user(&owner.person.user).await;
    let mut named = 0;
    for route in concerned().filter(|route| {
        // The contract tells whoever deletes somebody else's key that it is somebody else's.
        route.path != "/apikeys/{id}"
    }) {
        for method in methods(route.verb) {
            for place in PLACES {
                for proof in proofs(&stranger) {
                    // Without an id in the path only the other places can name what is foreign.
                    if !route.path.contains('{') && matches!(place, Place::Nowhere) {
                        continue;
                    }
                    named += 1;
                    let ask = async |of: &Belongings, organization: &str| {
                        let request = call(app, route, &method, of, place, organization);
                        request.header("authorization", &proof).send().await
                    };
                    // Theirs, then the stranger's own, beside what is foreign in the path.
                    let foreign = ask(&owner.has, &owner.has.organization).await;
                    let unknown = ask(&nobodys, &nobodys.organization).await;
                    let what = format!("{method} {} {place:?}", route.path);
                    same(&owner.has, &foreign, &nobodys, &unknown, &what);
                    if route.path.contains('{') {
                        let own = &stranger.has.organization;
                        let (foreign, unknown) =
                            (ask(&owner.has, own).await, ask(&nobodys, own).await);
                        assert!(!foreign.status.is_success(), "{what}: {foreign}");
                        same(&owner.has, &foreign, &nobodys, &unknown, &what);
                    }
                    if foreign.status.is_success() {
                        let text = foreign.text();
                        for (id, _) in owner.has.ids() {
                            assert!(!text.contains(id), "{what}: {foreign}");
                        }
                    }
                }
            }
        }
    }
    assert!(named > 100, "only {named}");
    app.settle().await;
    assert_eq!(app.end_user(&owner.person.user).await, before);
    // Everything is as it was.
    let path = format!("/cars/{}", owner.has.car);
    let _ = app.get(&path).by(&owner.person).send().await.expect(200);
    let path = format!("/organizations/{}", owner.has.organization);
    let answer = app.get(&path).by(&owner.person).send().await.expect(200).json();
    assert_eq!(answer["organization"]["name"], "Shared");
    let keys = app.get("/apikeys").by(&owner.person).send().await.expect(200).json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
}

/// What is foreign is refused by the same check, with the same words, as what is not there.
fn same(theirs: &Belongings, foreign: &Answer, nobodys: &Belongings, unknown: &Answer, what: &str) {
    let (foreign, unknown) = (theirs.anonymous(foreign), nobodys.anonymous(unknown));
    // Ids and times of what a success made are its own.
    if foreign.0 < 300 {
        assert_eq!(foreign.0, unknown.0, "{what}: {foreign:?} {unknown:?}");
    } else {
        assert_eq!(foreign, unknown, "{what}");
    }
}

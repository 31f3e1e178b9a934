//! The life of a tenant, as its people tell it: everything that they do goes through HTTP alone.

use std::time::{Duration, Instant};

use acceptance::{Answer, Request, TestApp, on_every_deployment_and_a_broker};
use serde_json::{Value, json};

use crate::{
    honda,
    identities::{api_keys, confirmation, mails, post, registration, signed_in, value},
};

on_every_deployment_and_a_broker!(people_found_an_organization_share_it_and_dissolve_it);

const ANN: &str = "ann@company.com";
const BEA: &str = "bea@company.com";
const GUEST: &str = "gus@company.com";
/// Whatever is taken from somebody is gone from tokens and keys within this on every host.
const NOTICED: Duration = Duration::from_secs(1);

/// Somebody who has signed in.
struct Person {
    id: String,
    tokens: Value,
}

/// An organization that people share.
struct Tenant<'a> {
    app: &'a TestApp,
    id: String,
}

async fn people_found_an_organization_share_it_and_dissolve_it(app: &TestApp) {
    let (ann, bea) = (registered(app, ANN, None).await, registered(app, BEA, None).await);
    let (tenant, ann) = found(app, ann).await;
    let (bea, guest) = invite(&tenant, &ann, bea).await;
    let bea = make_owner_for_a_while(&tenant, &ann, bea).await;
    choose_a_plan(&tenant, &ann).await;
    let bea = hand_over(&tenant, &ann, bea).await;
    cancel(&tenant, &ann, &bea, &guest).await;
    let machine = register_machine(&tenant, &ann).await;
    call_with_a_key(&tenant, &ann).await;
    let_the_guest_go(&tenant, &ann, &guest).await;
    let_everybody_else_go(&tenant, &ann, &bea, &machine).await;
    delete(&tenant, bea).await;
}

impl Person {
    fn token(&self) -> &str {
        value(&self.tokens, "accessToken")
    }

    /// With tokens of what it may do now.
    async fn refreshed(self, app: &TestApp) -> Self {
        let spent = json!({ "refreshToken": value(&self.tokens, "refreshToken") });
        let answer = post(app, "/tokens/refresh", spent).await.expect(200).json();
        Self { tokens: answer["tokens"].clone(), ..self }
    }

    async fn memberships(&self, app: &TestApp) -> Value {
        app.get("/memberships/me").bearer(self.token()).send().await.expect(200).json()
    }
}

impl Tenant<'_> {
    fn path(&self, rest: &str) -> String {
        format!("/organizations/{}{rest}", self.id)
    }

    fn subscription(&self, rest: &str) -> String {
        format!("/subscriptions/{}{rest}", self.id)
    }

    async fn look(&self, by: &Person) -> Answer {
        self.app.get(&self.path("")).bearer(by.token()).send().await
    }

    async fn rename(&self, by: &Person, name: &str) -> Answer {
        let request = self.app.put(&self.path("")).bearer(by.token());
        request.json(&json!({ "name": name })).send().await
    }

    async fn members(&self, by: &Person) -> Vec<Value> {
        let request = self.app.get(&self.path("/members")).bearer(by.token());
        request.send().await.expect(200).json()["members"].as_array().unwrap().clone()
    }

    /// Gives a role to a member, or takes it, and waits until that is so.
    async fn change_role(&self, by: &Person, how: &str, of: &Person, role: &str) {
        let request = self.app.put(&self.path(&format!("/roles/{how}"))).bearer(by.token());
        let body = json!({ "userId": of.id, "roles": [role] });
        let _ = request.json(&body).send().await.expect(202);
        self.app.settle().await;
    }

    async fn un_invite(&self, by: &Person, user: &str) {
        let request = self.app.delete(&self.path(&format!("/members/{user}"))).bearer(by.token());
        let _ = request.send().await.expect(202);
        self.app.settle().await;
    }

    /// A request to have another user pay.
    fn transfer(&self, by: &Person, to: &Person) -> Request {
        let request = self.app.put(&self.subscription("/transfer")).bearer(by.token());
        request.json(&json!({ "userId": to.id }))
    }
}

/// Waits until something is so. Whoever begins to ask a second after now must find it so.
async fn soon(is_so: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    loop {
        let asked = begun.elapsed();
        if is_so().await {
            return;
        }
        assert!(asked < NOTICED, "not so after {asked:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Somebody who registered with a password, confirmed it and signed in.
async fn registered(app: &TestApp, email: &str, invitation: Option<&str>) -> Person {
    let mut wanted = registration(email);
    if let Some(token) = invitation {
        wanted["invitationToken"] = json!(token);
    }
    let answer = post(app, "/credentials/register", wanted).await.expect(200).json();
    let id = answer["person"]["user"]["id"].as_str().unwrap().to_owned();
    let confirm = json!({ "token": confirmation(app, &id).await });
    let _ = post(app, "/credentials/confirm-registration", confirm).await.expect(200);
    app.settle().await;
    Person { id, tokens: signed_in(app, email).await }
}

/// The founder sees the organization as soon as it has a token that knows of it.
async fn found(app: &TestApp, by: Person) -> (Tenant<'_>, Person) {
    let request = app.post("/organizations").bearer(by.token()).json(&json!({ "name": "Acme" }));
    let answer = request.send().await.expect(200).json();
    let id = answer["organization"]["id"].as_str().unwrap().to_owned();
    let tenant = Tenant { app, id };
    app.settle().await;
    let _ = tenant.look(&by).await.problem(403);
    let by = by.refreshed(app).await;
    let seen = tenant.look(&by).await.expect(200).json();
    assert_eq!(seen, answer);
    assert_eq!(seen["organization"]["ownership"], "shared");
    (tenant, by)
}

/// One who is known and one who is not: both work in the organization from then on.
async fn invite(tenant: &Tenant<'_>, by: &Person, known: Person) -> (Person, Person) {
    let app = tenant.app;
    let _ = mails(app).await;
    for body in [json!({ "email": GUEST }), json!({ "userId": known.id })] {
        let request = app.post(&tenant.path("/members")).bearer(by.token()).json(&body);
        let _ = request.send().await.expect(200);
    }
    app.settle().await;
    let sent = mails(app).await;
    let [(to, _, Some(token))] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(to, GUEST);
    let verified = app.get(&format!("/invitations/{token}/verify")).send().await.expect(200);
    assert_eq!(verified.json()["invitation"]["emailAddress"], GUEST);
    let guest = registered(app, GUEST, Some(token)).await;
    let _ = app.get(&format!("/invitations/{token}/verify")).send().await.problem(404);
    let known = known.refreshed(app).await;
    for person in [&known, &guest] {
        let own = person.memberships(app).await;
        let all = own["memberships"].as_array().unwrap();
        let default: Vec<_> = all.iter().filter(|one| one["isDefault"] == true).collect();
        let [default] = default.as_slice() else { panic!("{own}") };
        assert_eq!(default["organizationId"], json!(tenant.id));
        assert_eq!(default["roles"], json!(["tenant_member"]));
        assert_eq!(all.len(), 2, "and one of its own: {own}");
    }
    let members = tenant.members(&guest).await;
    let mut users: Vec<_> = members.iter().map(|one| one["userId"].as_str().unwrap()).collect();
    let mut expected = [by, &known, &guest].map(|person| person.id.as_str());
    users.sort_unstable();
    expected.sort_unstable();
    assert_eq!(users, expected);
    (known, guest)
}

/// What a role gives it gives to later tokens; when it is taken, those do not give it any more.
async fn make_owner_for_a_while(tenant: &Tenant<'_>, by: &Person, member: Person) -> Person {
    let forbidden = |answer: Answer| answer.problem(403)["code"] == "forbidden";
    assert!(forbidden(tenant.rename(&member, "Bea's").await));
    tenant.change_role(by, "assign", &member, "tenant_owner").await;
    let member = member.refreshed(tenant.app).await;
    let _ = tenant.rename(&member, "Bea's").await.expect(202);
    tenant.change_role(by, "unassign", &member, "tenant_owner").await;
    // The organization knows at once, and the token within a second.
    soon(async || forbidden(tenant.rename(&member, "Mine").await)).await;
    let seen = tenant.look(&member).await.expect(200).json();
    assert_eq!(seen["organization"]["name"], "Bea's");
    member
}

async fn choose_a_plan(tenant: &Tenant<'_>, buyer: &Person) {
    let app = tenant.app;
    let plans = app.get("/pricing/plans").send().await.expect(200).json();
    let plan = &plans["plans"]["eternally"][0]["id"];
    let request = app.get(&tenant.subscription("")).bearer(buyer.token());
    let before = request.send().await.expect(200).json()["subscription"].clone();
    assert_eq!((&before["status"], &before["buyerId"]), (&json!("activated"), &json!(buyer.id)));
    let request = app.put(&tenant.subscription("/plan")).bearer(buyer.token());
    let after = request.json(&json!({ "planId": plan })).send().await.expect(202).json();
    let chosen = &after["subscription"]["plan"];
    assert_eq!((&chosen["id"], &chosen["tier"]), (plan, &json!("standard")));
    app.settle().await;
}

/// Only to whoever may decide about money.
async fn hand_over(tenant: &Tenant<'_>, buyer: &Person, to: Person) -> Person {
    let refused = tenant.transfer(buyer, &to).send().await.problem(400);
    assert_eq!(refused["code"], "subscription_not_transferable");
    tenant.change_role(buyer, "assign", &to, "tenant_billing_admin").await;
    let answer = tenant.transfer(buyer, &to).send().await.expect(202).json();
    assert_eq!(answer["subscription"]["buyerId"], json!(to.id));
    tenant.app.settle().await;
    let to = to.refreshed(tenant.app).await;
    let request = tenant.app.get(&tenant.subscription("")).bearer(to.token());
    assert_eq!(request.send().await.expect(200).json()["subscription"], answer["subscription"]);
    to
}

/// Whoever pays cancels. Nobody loses any features by that alone.
async fn cancel(tenant: &Tenant<'_>, former: &Person, buyer: &Person, guest: &Person) {
    let app = tenant.app;
    let cancellation = |by: &Person| app.delete(&tenant.subscription("")).bearer(by.token());
    let refused = cancellation(former).send().await.problem(403);
    assert_eq!(refused["code"], "subscription_not_buyer");
    let canceled = cancellation(buyer).send().await.expect(202).json()["subscription"].clone();
    assert_eq!(canceled["status"], "unsubscribed");
    assert_eq!(canceled["plan"]["tier"], "unsubscribed");
    app.settle().await;
    let features = json!(["tenant_paidtrial_features", "tenant_basic_features"]);
    let members = tenant.members(guest).await;
    assert_eq!(members.len(), 3);
    for member in &members {
        assert_eq!(member["features"], features, "{member}");
    }
    let request = app.post("/cars").bearer(guest.token()).json(&honda());
    let _ = request.send().await.expect(201);
}

/// A machine of an owner works where the owner does. Its id and its key.
async fn register_machine(tenant: &Tenant<'_>, by: &Person) -> (String, String) {
    let app = tenant.app;
    let request = app.post("/machines/register").bearer(by.token());
    let answer = request.json(&json!({ "name": "Robot" })).send().await.expect(200).json();
    let text = |name: &str| answer["machine"][name].as_str().unwrap().to_owned();
    let (id, key) = (text("id"), text("apiKey"));
    app.settle().await;
    assert_eq!(cars(app, &key).await.len(), 1, "the one of the guest");
    let members = tenant.members(by).await;
    let machine = members.iter().find(|member| member["userId"] == json!(id)).unwrap();
    assert_eq!(machine["classification"], "machine");
    assert_eq!(machine["roles"], json!(["tenant_member"]));
    (id, key)
}

/// The cars that a key shows.
async fn cars(app: &TestApp, key: &str) -> Vec<Value> {
    let answer = api_keys::get(app, "/cars", key).send().await.expect(200).json();
    answer["cars"].as_array().unwrap().clone()
}

async fn call_with_a_key(tenant: &Tenant<'_>, by: &Person) {
    let app = tenant.app;
    let request = app.post("/apikeys").bearer(by.token()).json(&json!({}));
    let answer = request.send().await.expect(200).json();
    let key = answer["apiKey"].as_str().unwrap();
    let seen = api_keys::get(app, &tenant.path(""), key).send().await.expect(200);
    assert_eq!(seen.json(), tenant.look(by).await.expect(200).json());
    assert_eq!(cars(app, key).await.len(), 1);
}

/// Whoever was let go works in its own organization, whatever its token says.
async fn let_the_guest_go(tenant: &Tenant<'_>, by: &Person, guest: &Person) {
    tenant.un_invite(by, &guest.id).await;
    soon(async || tenant.look(guest).await.status == 403).await;
    let left = guest.memberships(tenant.app).await;
    assert_eq!(left["metadata"]["total"], 1, "{left}");
    assert_eq!(left["memberships"][0]["ownership"], "personal");
    assert_eq!(left["memberships"][0]["isDefault"], true);
    assert_eq!(tenant.members(by).await.len(), 3);
}

/// Only who pays deletes an organization, and only alone: machines are members, too.
async fn let_everybody_else_go(
    tenant: &Tenant<'_>,
    founder: &Person,
    buyer: &Person,
    (machine, key): &(String, String),
) {
    let app = tenant.app;
    for (by, status, code) in
        [(founder, 403, "organization_not_subscriber"), (buyer, 400, "organization_other_members")]
    {
        let request = app.delete(&tenant.path("")).bearer(by.token());
        assert_eq!(request.send().await.problem(status)["code"], code);
    }
    tenant.un_invite(buyer, machine).await;
    // It has an organization of its own, without a car.
    soon(async || cars(app, key).await.is_empty()).await;
    tenant.un_invite(buyer, &founder.id).await;
    soon(async || tenant.look(founder).await.status == 403).await;
    assert_eq!(tenant.members(buyer).await.len(), 1);
}

/// What was deleted is gone for good, and soon nobody belongs to it.
async fn delete(tenant: &Tenant<'_>, by: Person) {
    let app = tenant.app;
    let delete = |by: &Person| app.delete(&tenant.path("")).bearer(by.token());
    let _ = delete(&by).send().await.expect(204);
    for answer in [tenant.rename(&by, "Again").await, delete(&by).send().await] {
        assert!([403, 405].contains(&answer.status.as_u16()), "{answer}");
    }
    app.settle().await;
    soon(async || tenant.look(&by).await.status == 403).await;
    let by = by.refreshed(app).await;
    let _ = tenant.look(&by).await.problem(403);
    let _ = app.get(&tenant.subscription("")).bearer(by.token()).send().await.problem(403);
    let left = by.memberships(app).await;
    assert_eq!(left["metadata"]["total"], 1, "{left}");
    assert_eq!(left["memberships"][0]["ownership"], "personal");
}

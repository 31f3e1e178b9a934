//! Memberships: who belongs to an organization, and what it may do there.

mod listing;

use acceptance::{Person, TestApp, on_every_deployment, registrations::ann};
use application::{Call, Caller};
use domain::{
    end_users::{EndUserEvent, Ownership},
    kernel::{
        EmailAddress, OrganizationId, UserId,
        roles::{Feature, Role},
    },
    organizations::{NewOrganization, Organization, OrganizationEvent},
    subscriptions::SubscriptionEvent,
};
use hosts::compose::REACTIONS;
use reqwest::Method;
use serde_json::{Value, json};

use crate::identities::{audited, mails, post, registration};

on_every_deployment!(
    an_invited_guest_keeps_the_organization_that_invited,
    an_invited_user_works_there_at_once,
    a_member_chooses_its_default,
    whoever_leaves_works_elsewhere,
    a_deleted_organization_has_no_members,
    members_get_and_lose_roles,
    all_members_get_the_features_of_their_organization,
    whoever_joins_later_gets_the_features_in_force,
    what_organizations_decided_is_done_once,
);

fn call() -> Call {
    Call::new(Caller::maintenance(), "a test".to_owned())
}

/// A shared organization.
async fn founded(app: &TestApp, by: &Person) -> OrganizationId {
    let id = app.organization();
    let new = NewOrganization {
        name: "Miller & Co".to_owned(),
        ownership: Ownership::Shared,
        created_by: by.user.clone(),
        host_region: "test".to_owned(),
        settings: vec![],
    };
    let organizations = &app.ports().organizations;
    organizations.create(&call(), id.as_str(), Organization::create(new)).await.unwrap();
    app.settle().await;
    id
}

/// Lets an organization decide, and everything follow.
async fn decided(app: &TestApp, at: &OrganizationId, event: OrganizationEvent) {
    let decide = |_: &Organization| Ok::<_, std::convert::Infallible>(vec![event.clone()]);
    app.ports().organizations.change(&call(), at.as_str(), decide).await.unwrap();
    app.settle().await;
}

fn invited(by: &Person, user: Option<&UserId>, email: Option<&str>) -> OrganizationEvent {
    OrganizationEvent::MemberInvited {
        invited_by_id: by.user.clone(),
        invited_id: user.cloned(),
        mailbox: None,
        email_address: email.map(|email| EmailAddress::parse(email).unwrap()),
    }
}

fn un_invited(by: &Person, user: &UserId) -> OrganizationEvent {
    OrganizationEvent::MemberUnInvited {
        uninvited_by_id: by.user.clone(),
        uninvited_id: user.clone(),
    }
}

/// Two people, and a shared organization of the first one.
async fn two(app: &TestApp) -> (Person, Person, OrganizationId) {
    let first = app.registered(ann("ann@company.com")).await;
    let second = app.registered(ann("bob@company.com")).await;
    let shared = founded(app, &first).await;
    let _ = mails(app).await;
    (app.signed_in(&first.user).await, second, shared)
}

async fn default_of(app: &TestApp, user: &UserId) -> OrganizationId {
    app.end_user(user).await.default_membership().unwrap().organization.clone()
}

async fn members(app: &TestApp, by: &Person, at: &OrganizationId, query: &str) -> Value {
    let path = format!("/organizations/{at}/members{query}");
    app.get(&path).by(by).send().await.expect(200).json()
}

async fn memberships(app: &TestApp, by: &Person) -> Value {
    app.get("/memberships/me").by(by).send().await.expect(200).json()
}

async fn an_invited_guest_keeps_the_organization_that_invited(app: &TestApp) {
    let (ann, _, shared) = two(app).await;
    decided(app, &shared, invited(&ann, None, Some("eve@company.com"))).await;
    let sent = mails(app).await;
    let [(to, _, Some(token))] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(to, "eve@company.com");
    let listed = members(app, &ann, &shared, "").await;
    let guest = &listed["members"][1];
    let shown = json!({
        "id": guest["id"],
        "userId": guest["userId"],
        "classification": "person",
        "emailAddress": "eve@company.com",
        "name": {"firstName": "eve@company.com"},
        "isDefault": true,
        "isOwner": false,
        "isRegistered": false,
        "roles": ["tenant_member"],
        "features": ["tenant_paidtrial_features", "tenant_basic_features"],
    });
    assert_eq!(*guest, shown);
    let mut eve = registration("eve@home.org");
    eve["invitationToken"] = json!(token);
    let user = post(app, "/credentials/register", eve).await.expect(200).json();
    assert_eq!(user["person"]["user"]["id"], guest["userId"]);
    app.settle().await;
    let eve = UserId::parse(guest["userId"].as_str().unwrap()).unwrap();
    assert_eq!(default_of(app, &eve).await, shared);
    let _ = app.post_signed("/usages/drain", &json!({})).await.expect(200);
    let told = app.get("/testingonly/usages").send().await.expect(200).json();
    let kept = |usage: &&Value| usage["eventName"] == "Membership Changed";
    let kept: Vec<&Value> = told["usages"].as_array().unwrap().iter().filter(kept).collect();
    let [kept] = kept.as_slice() else { panic!("{told}") };
    let more = &kept["additional"];
    assert_eq!((&more["UserIdOverride"], &more["ResourceId"]), (&json!(eve), &guest["id"]));
    let eve = app.signed_in(&eve).await;
    let own = memberships(app, &eve).await;
    assert_eq!(own["metadata"]["total"], 2);
    assert_eq!(own["memberships"][0]["organizationId"], json!(shared));
    assert_eq!(own["memberships"][0]["isDefault"], true);
    assert_eq!(own["memberships"][1]["ownership"], "personal");
    assert_eq!(own["memberships"][1]["isDefault"], false);
    assert_eq!(app.profile(&eve).await["defaultOrganizationId"], json!(shared));
    let listed = members(app, &ann, &shared, "").await;
    assert_eq!(listed["members"][1]["emailAddress"], "eve@home.org");
    assert_eq!(listed["members"][1]["isRegistered"], true);
}

async fn an_invited_user_works_there_at_once(app: &TestApp) {
    let (ann, bob, shared) = two(app).await;
    decided(app, &shared, invited(&ann, None, Some("BOB@company.com"))).await;
    assert_eq!(default_of(app, &bob.user).await, shared);
    assert_eq!(mails(app).await, []);
    // Who is a member already stays one, and who is unknown becomes none.
    let before = app.end_user(&bob.user).await;
    decided(app, &shared, invited(&ann, Some(&bob.user), None)).await;
    decided(app, &shared, invited(&ann, Some(&app.user()), None)).await;
    assert_eq!(app.end_user(&bob.user).await, before);
    assert_eq!(members(app, &ann, &shared, "").await["metadata"]["total"], 2);
    // A guest is told again.
    decided(app, &shared, invited(&ann, None, Some("eve@company.com"))).await;
    let listed = members(app, &ann, &shared, "").await;
    let eve = UserId::parse(listed["members"][2]["userId"].as_str().unwrap()).unwrap();
    decided(app, &shared, invited(&ann, Some(&eve), None)).await;
    let sent: Vec<String> = mails(app).await.into_iter().map(|(to, _, _)| to).collect();
    assert_eq!(sent, ["eve@company.com", "eve@company.com"]);
}

async fn a_member_chooses_its_default(app: &TestApp) {
    let (ann, bob, shared) = two(app).await;
    let own = OrganizationId::parse(&ann.user.twin("org")).unwrap();
    assert_eq!(default_of(app, &ann.user).await, shared);
    let path = "/memberships/me/default";
    for (method, to) in [(Method::PUT, &own), (Method::PATCH, &shared), (Method::PUT, &shared)] {
        let request = app.request(method, path).by(&ann).json(&json!({ "organizationId": to }));
        assert_eq!(request.send().await.expect(202).json()["user"]["id"], json!(ann.user));
        assert_eq!(default_of(app, &ann.user).await, *to);
        app.settle().await;
        assert_eq!(app.profile(&ann).await["defaultOrganizationId"], json!(to));
    }
    let change = |by: &Person, body: Value| app.put(path).by(by).json(&body).send();
    let _ = change(&bob, json!({ "organizationId": shared })).await.problem(403);
    let _ = change(&ann, json!({ "organizationId": "nonsense" })).await.problem(403);
    let _ = change(&ann, json!({})).await.problem(400);
    decided(app, &shared, un_invited(&ann, &ann.user)).await;
    // Its token says that it is one, as long as this host does not know better.
    let gone = change(&ann, json!({ "organizationId": shared })).await;
    let (status, code) = (gone.status.as_u16(), gone.json()["code"].clone());
    let refusals = [(400, json!("end_user_not_member")), (403, json!("not_a_member"))];
    assert!(refusals.contains(&(status, code)), "{gone}");
}

async fn whoever_leaves_works_elsewhere(app: &TestApp) {
    let (ann, bob, shared) = two(app).await;
    decided(app, &shared, invited(&ann, Some(&bob.user), None)).await;
    let member = app.signed_in(&bob.user).await;
    decided(app, &shared, un_invited(&ann, &bob.user)).await;
    assert_eq!(default_of(app, &bob.user).await, bob.organization);
    assert_eq!(memberships(app, &bob).await["metadata"]["total"], 1);
    assert_eq!(members(app, &ann, &shared, "").await["metadata"]["total"], 1);
    assert_eq!(app.profile(&bob).await["defaultOrganizationId"], json!(bob.organization));
    // What the token says is not enough.
    let path = format!("/organizations/{shared}/members");
    let refused = app.get(&path).by(&member).send().await.problem(403);
    assert_eq!(refused["code"], "not_a_member");
    // Whoever was a member can be one again.
    decided(app, &shared, invited(&ann, Some(&bob.user), None)).await;
    assert_eq!(default_of(app, &bob.user).await, shared);
    // Nobody is taken out of its own.
    decided(app, &bob.organization, un_invited(&bob, &bob.user)).await;
    assert_eq!(app.end_user(&bob.user).await.memberships().len(), 2);
}

async fn a_deleted_organization_has_no_members(app: &TestApp) {
    let (ann, _, shared) = two(app).await;
    let gone = OrganizationEvent::Deleted { deleted_by_id: ann.user.clone() };
    decided(app, &shared, gone).await;
    assert_eq!(default_of(app, &ann.user).await.as_str(), ann.user.twin("org"));
    assert_eq!(app.end_user(&ann.user).await.memberships().len(), 1);
}

async fn members_get_and_lose_roles(app: &TestApp) {
    let (ann, bob, shared) = two(app).await;
    decided(app, &shared, invited(&ann, Some(&bob.user), None)).await;
    let _ = audited(app).await;
    let (by, user_id) = (ann.user.clone(), bob.user.clone());
    let assigned = |role| OrganizationEvent::RoleAssigned {
        assigned_by_id: by.clone(),
        user_id: user_id.clone(),
        role,
    };
    let unassigned = |role| OrganizationEvent::RoleUnassigned {
        unassigned_by_id: by.clone(),
        user_id: user_id.clone(),
        role,
    };
    for (event, roles, code) in [
        (
            assigned(Role::TenantBillingAdmin),
            &["tenant_billing_admin", "tenant_owner", "tenant_member"][..],
            Some("EndUser.TenantRolesAssigned"),
        ),
        (
            unassigned(Role::TenantBillingAdmin),
            &["tenant_owner", "tenant_member"],
            Some("EndUser.TenantRolesUnassigned"),
        ),
        (assigned(Role::TenantOwner), &["tenant_owner", "tenant_member"], None),
        (unassigned(Role::TenantOwner), &["tenant_member"], Some("EndUser.TenantRolesUnassigned")),
        (unassigned(Role::TenantMember), &["tenant_member"], None),
    ] {
        decided(app, &shared, event).await;
        let listed = members(app, &ann, &shared, "").await;
        assert_eq!(listed["members"][1]["roles"], json!(roles));
        assert_eq!(listed["members"][1]["isOwner"], json!(roles.contains(&"tenant_owner")));
        let known = app.end_user(&bob.user).await;
        let known = known.membership(&shared).unwrap().roles.expanded();
        assert_eq!(known.iter().map(|role| role.name()).collect::<Vec<_>>(), roles);
        assert_eq!(audited(app).await, code.into_iter().collect::<Vec<_>>());
    }
}

/// Makes members of people whom nobody invited, with less than the organization has.
async fn joined(app: &TestApp, at: &OrganizationId, count: usize) -> Vec<UserId> {
    let ports = app.ports();
    let users: Vec<UserId> = (0..count).map(|_| app.user()).collect();
    for user in &users {
        let events = vec![
            EndUserEvent::Created {
                access: domain::end_users::Access::Enabled,
                status: domain::end_users::UserStatus::Unregistered,
                classification: domain::end_users::Classification::Person,
                host_region: "test".to_owned(),
            },
            EndUserEvent::MembershipAdded {
                membership_id: application::end_users::membership_id(user, at),
                organization_id: at.clone(),
                ownership: Ownership::Shared,
                is_default: true,
                roles: vec![Role::TenantMember],
                features: vec![Feature::TenantBasic],
            },
        ];
        ports.end_users.create(&call(), user.as_str(), events).await.unwrap();
    }
    app.settle().await;
    users
}

async fn all_members_get_the_features_of_their_organization(app: &TestApp) {
    let (ann, _, shared) = two(app).await;
    let users = joined(app, &shared, 120).await;
    let _ = audited(app).await;
    let subscription = ann.user.twin("billsub");
    let changed = SubscriptionEvent::SubscriptionPlanChanged {
        plan_id: "_simple_standard".to_owned(),
        owning_entity_id: shared.clone(),
        provider_name: "simple_billing_provider".to_owned(),
        provider_state: [
            ("BuyerId".to_owned(), ann.user.to_string()),
            ("SubscriptionId".to_owned(), "simplesub_1".to_owned()),
        ]
        .into(),
        buyer_reference: ann.user.to_string(),
        subscription_reference: Some("simplesub_1".to_owned()),
    };
    for expected in [120, 0] {
        let change = |_: &domain::subscriptions::Subscription| {
            Ok::<_, std::convert::Infallible>(vec![changed.clone()])
        };
        app.ports().subscriptions.change(&call(), &subscription, change).await.unwrap();
        app.settle().await;
        let audits = audited(app).await;
        assert!(audits.iter().all(|code| code == "EndUser.TenantFeaturesAssigned"), "{audits:?}");
        assert_eq!(audits.len(), expected);
        for user in &users {
            let known = app.end_user(user).await;
            let features = &known.membership(&shared).unwrap().features;
            assert_eq!(features.reduced(), [Feature::TenantPaidTrial]);
            assert!(known.features().is_empty());
        }
    }
    let listed = members(app, &ann, &shared, "?limit=1&offset=100").await;
    let features = json!(["tenant_paidtrial_features", "tenant_basic_features"]);
    assert_eq!(listed["members"][0]["features"], features);
}

/// Whether it was known as a member when the plan changed or not.
async fn whoever_joins_later_gets_the_features_in_force(app: &TestApp) {
    let (ann, bob, shared) = two(app).await;
    let changed = SubscriptionEvent::SubscriptionPlanChanged {
        plan_id: "anotherplan".to_owned(),
        owning_entity_id: shared.clone(),
        provider_name: "simple_billing_provider".to_owned(),
        provider_state: [("BuyerId".to_owned(), ann.user.to_string())].into(),
        buyer_reference: ann.user.to_string(),
        subscription_reference: None,
    };
    let change = |_: &domain::subscriptions::Subscription| {
        Ok::<_, std::convert::Infallible>(vec![changed.clone()])
    };
    let subscription = shared.twin("billsub");
    app.ports().subscriptions.change(&call(), &subscription, change).await.unwrap();
    app.settle().await;
    decided(app, &shared, invited(&ann, Some(&bob.user), None)).await;
    for user in [&ann.user, &bob.user] {
        let known = app.end_user(user).await;
        let features = &known.membership(&shared).unwrap().features;
        assert_eq!(features.reduced(), [Feature::TenantBasic]);
        assert_eq!(known.features().reduced(), [Feature::PlatformPaidTrial]);
    }
}

/// What came before must not undo what came later, however often it is delivered.
async fn what_organizations_decided_is_done_once(app: &TestApp) {
    let (ann, bob, shared) = two(app).await;
    let assigned = OrganizationEvent::RoleAssigned {
        assigned_by_id: ann.user.clone(),
        user_id: bob.user.clone(),
        role: Role::TenantOwner,
    };
    for event in [
        invited(&ann, Some(&bob.user), None),
        assigned,
        un_invited(&ann, &bob.user),
        invited(&ann, None, Some("bob@company.com")),
        invited(&ann, None, Some("eve@company.com")),
    ] {
        decided(app, &shared, event).await;
    }
    let listed = members(app, &ann, &shared, "").await;
    let eve = UserId::parse(listed["members"][2]["userId"].as_str().unwrap()).unwrap();
    decided(app, &shared, un_invited(&ann, &eve)).await;
    let (before, ports) = (app.head().await, app.ports());
    let reaction = REACTIONS.iter().find(|reaction| reaction.name == "end_users").unwrap();
    let mut events = ports.sealed_log.read(0, 1_000).await.unwrap();
    for _ in 0..2 {
        events.reverse();
        for event in &events {
            let wanted = (&*event.stream.kind, event.name.as_str());
            if !reaction.handles.contains(&wanted) {
                continue;
            }
            let mut call = call();
            call.causation = Some(event.event_id.to_string());
            (reaction.react)(ports, &call, event).await.unwrap();
        }
    }
    assert_eq!(app.head().await, before);
    assert_eq!(default_of(app, &bob.user).await, shared);
    let guest = app.end_user(&eve).await;
    assert_eq!(guest.memberships(), []);
}

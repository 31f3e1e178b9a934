//! Members see who else is one.

use acceptance::{TestApp, on_every_deployment};
use domain::kernel::UserId;
use serde_json::{Value, json};

use super::{call, decided, invited, joined, members, two};

on_every_deployment!(members_are_listed_page_by_page, members_are_shown_to_members_alone);

async fn members_are_listed_page_by_page(app: &TestApp) {
    let (ann, _, shared) = two(app).await;
    let users = joined(app, &shared, 7).await;
    let all: Vec<&UserId> = [&ann.user].into_iter().chain(&users).collect();
    let ids = |page: &Value| -> Vec<String> {
        let members = page["members"].as_array().unwrap().iter();
        members.map(|member| member["userId"].as_str().unwrap().to_owned()).collect()
    };
    let mut found = vec![];
    for offset in [0, 3, 6, 9] {
        let page = members(app, &ann, &shared, &format!("?limit=3&offset={offset}")).await;
        assert_eq!(page["metadata"]["total"], 8);
        found.extend(ids(&page));
    }
    assert_eq!(found, all.iter().map(ToString::to_string).collect::<Vec<_>>());
    found.reverse();
    let page = members(app, &ann, &shared, "?sort=-LastPersistedAtUtc").await;
    assert_eq!(ids(&page), found);
    let page = members(app, &ann, &shared, "?sort=-IsOwner&limit=1&filter=name.firstName").await;
    assert_eq!(page["members"][0]["name"], json!({"firstName": "Ann"}));
    assert!(page["members"][0].get("emailAddress").is_none());
    let path = format!("/organizations/{shared}/members?limit=-1&offset=1001");
    assert_eq!(app.get(&path).by(&ann).send().await.failed_rules().len(), 2);
}

async fn members_are_shown_to_members_alone(app: &TestApp) {
    let (ann, bob, shared) = two(app).await;
    let listed = members(app, &ann, &shared, "").await;
    let member = &listed["members"][0];
    assert_eq!(
        *member,
        json!({
            "id": member["id"],
            "userId": ann.user,
            "classification": "person",
            "emailAddress": "ann@company.com",
            "name": {"firstName": "Ann", "lastName": "Miller"},
            "isDefault": true,
            "isOwner": true,
            "isRegistered": true,
            "roles": ["tenant_billing_admin", "tenant_owner", "tenant_member"],
            "features": ["tenant_paidtrial_features", "tenant_basic_features"],
        })
    );
    let path = format!("/organizations/{shared}/members");
    let _ = app.get(&path).send().await.problem(401);
    let _ = app.get(&path).by(&bob).send().await.problem(403);
    let named = app.get(&path).by(&bob).header("tenant", bob.organization.as_str());
    let _ = named.send().await.problem(403);
    // Nobody of another organization is in the list.
    assert_eq!(members(app, &bob, &bob.organization, "").await["metadata"]["total"], 1);
    // Who is erased stays a member without a name.
    decided(app, &shared, invited(&ann, None, Some("eve@company.com"))).await;
    let listed = members(app, &ann, &shared, "").await;
    let eve = UserId::parse(listed["members"][1]["userId"].as_str().unwrap()).unwrap();
    application::end_users::erase::erase(app.ports(), &call(), &eve).await.unwrap();
    app.settle().await;
    let listed = members(app, &ann, &shared, "").await.to_string();
    assert!(!listed.contains("eve@"), "{listed}");
}

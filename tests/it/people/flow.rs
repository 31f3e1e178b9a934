//! From a registration to a user who can work.

use acceptance::{
    TestApp, on_every_deployment_and_a_broker,
    registrations::{ann, register},
};
use application::{Call, Caller};
use domain::kernel::roles::Role;
use futures_util::future::join_all;
use serde_json::json;

on_every_deployment_and_a_broker!(
    whoever_registers_can_work,
    an_address_has_one_user_whoever_is_first,
    who_is_on_the_list_operates,
    nothing_is_registered_without_the_terms,
);

async fn whoever_registers_can_work(app: &TestApp) {
    let ann = app.registered(ann("Ann@Company.com")).await;
    let organization = ann.user.twin("org");
    let user = app.inspected(&ann.user).await;
    let member = user["memberships"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        user,
        json!({
            "id": ann.user,
            "access": "enabled",
            "status": "registered",
            "classification": "person",
            "roles": ["platform_standard"],
            "features": ["platform_paidtrial_features", "platform_basic_features"],
            "memberships": [{
                "id": member,
                "userId": ann.user,
                "organizationId": organization,
                "ownership": "personal",
                "isDefault": true,
                "roles": ["tenant_billing_admin", "tenant_owner", "tenant_member"],
                "features": ["tenant_paidtrial_features", "tenant_basic_features"],
            }],
        })
    );
    assert!(member.starts_with("mship_"), "{member}");
    assert_eq!(
        app.profile(&ann).await,
        json!({
            "id": ann.user.twin("profile"),
            "userId": ann.user,
            "classification": "person",
            "displayName": "Ann",
            "name": {"firstName": "Ann", "lastName": "Miller"},
            "emailAddress": "ann@company.com",
            "timezone": "Pacific/Auckland",
            "locale": "en-NZ",
            "address": {"countryCode": "NZL"},
            "isAuthenticated": true,
            "roles": ["platform_standard"],
            "features": ["platform_paidtrial_features", "platform_basic_features"],
            "defaultOrganizationId": organization,
        })
    );
    let call = Call::new(Caller::maintenance(), "a test".to_owned());
    let founded = app.ports().organizations.load(&call, &organization).await.unwrap().state;
    assert_eq!(founded.name(), "Ann Miller");
    assert!(founded.members().eq([&ann.user]));
    assert_eq!(founded.subscriber(), Some(&ann.user));
    let subscription = ann.user.twin("billsub");
    assert_eq!(founded.subscription().unwrap().as_str(), subscription);
    let paid = app.ports().subscriptions.load(&call, &subscription).await.unwrap().state;
    assert!(paid.is_complete());
    assert_eq!(paid.buyer_reference(), Some(ann.user.as_str()));
    // It can do what the product is for.
    app.register_car(&ann).await;
}

/// The log decides, however many try at the same time, and whatever the case of their letters.
async fn an_address_has_one_user_whoever_is_first(app: &TestApp) {
    let spelled = ["ann@company.com", "ANN@company.com", "Ann@Company.Com", "ann@COMPANY.com"];
    let tries = spelled.iter().cycle().take(24);
    let made = join_all(tries.map(|email| register(app.ports(), ann(email)))).await;
    assert_eq!(made.iter().filter(|(_, new)| *new).count(), 1);
    assert!(made.iter().all(|(user, _)| *user == made[0].0));
    let (other, new) = register(app.ports(), ann("ann@company.org")).await;
    assert!(new && other != made[0].0);
    app.settle().await;
}

async fn who_is_on_the_list_operates(app: &TestApp) {
    let operator = app.registered(ann("Operator@Company.com")).await;
    let known = app.end_user(&operator.user).await;
    assert_eq!(known.roles().expanded(), [Role::PlatformOperations, Role::PlatformStandard]);
    let _ = app.get("/audits").by(&operator).send().await.expect(200);
}

async fn nothing_is_registered_without_the_terms(app: &TestApp) {
    let call = Call::new(Caller::anonymous(), "a test".to_owned());
    let mut refusing = ann("ann@company.com");
    refusing.terms_accepted = false;
    let made = application::end_users::register::register_person(app.ports(), &call, refusing);
    assert_eq!(made.await.unwrap_err().kind(), Some(domain::kernel::ErrorKind::Rule));
    assert_eq!(app.head().await, 0);
}

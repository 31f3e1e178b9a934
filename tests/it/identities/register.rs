//! Registering with a password.

use acceptance::{Deployment, TestApp, on_every_deployment};
use application::{Call, Caller, Committed, Decision, ports::ClaimRef};
use domain::{
    end_users::EndUserEvent,
    identities::{Credential, NewCredential, NewToken, OneTimeToken, PasswordHash, TokenHash},
    kernel::{
        EmailAddress, UserId,
        roles::{Feature, Role},
    },
};
use futures_util::future::join_all;
use serde_json::json;

use super::{mails, post, register, registration};

on_every_deployment!(
    a_person_registers_and_is_asked_to_confirm,
    everything_that_is_wrong_is_told_without_the_password,
    who_is_registered_already_is_not_told,
    what_became_of_whoever_is_registered_is_not_told,
    an_address_of_another_credential_is_refused,
    of_simultaneous_registrations_one_makes_a_user,
);

async fn a_person_registers_and_is_asked_to_confirm(app: &TestApp) {
    let answer = post(app, "/credentials/register", registration("Ann@Company.com")).await;
    let person = answer.expect(200).json()["person"].clone();
    let user = person["user"]["id"].as_str().unwrap();
    assert!(user.starts_with("user_"));
    assert_eq!(
        person,
        json!({
            "id": user.replace("user_", "cred_"),
            "isMfaEnabled": false,
            "user": {
                "id": user,
                "access": "enabled",
                "status": "registered",
                "classification": "person",
                "roles": ["platform_standard"],
                "features": ["platform_paidtrial_features", "platform_basic_features"],
            },
        })
    );
    let mails = mails(app).await;
    let [(to, _, Some(token))] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!(to, "ann@company.com");
    assert_eq!(*token, super::confirmation(app, user).await);
    app.settle().await;
}

async fn everything_that_is_wrong_is_told_without_the_password(app: &TestApp) {
    let rules = post(app, "/credentials/register", json!({})).await.failed_rules();
    let empty = "NotEmptyValidator";
    assert_eq!(rules, [empty, empty, empty, empty, "PredicateValidator"]);
    let wrong = json!({
        "emailAddress": "ann", "firstName": "<b>", "lastName": "a".repeat(51),
        "password": "tooweak-secret", "termsAndConditionsAccepted": false,
        "invitationToken": "invitation-secret", "timezone": "Atlantis", "locale": "?",
        "countryCode": "ZZZZ",
    });
    let answer = post(app, "/credentials/register", wrong).await;
    assert!(!answer.text().contains("secret"), "{answer}");
    assert_eq!(answer.failed_rules().len(), 9);
    assert_eq!(app.head().await, 0);
}

async fn who_is_registered_already_is_not_told(app: &TestApp) {
    let first = post(app, "/credentials/register", registration("ann@company.com")).await;
    let first = first.expect(200).json();
    let _ = mails(app).await;
    let head = app.head().await;
    let mut again = registration("ANN@company.com");
    again["password"] = json!("2Password!");
    let answer = post(app, "/credentials/register", again).await.expect(200);
    assert_eq!(answer.json(), first);
    let mails = mails(app).await;
    let [(to, subject, None)] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!(to, "ann@company.com");
    assert_eq!(subject, "Groundwork Account Registration Attempt");
    app.settle().await;
    let rows = app.log().rows().await;
    let after = rows.iter().filter(|row| row.position > i64::try_from(head).unwrap());
    assert!(!after.clone().any(|row| row.aggregate_type == "person_credential"), "unchanged");
}

/// Neither of somebody who may do more by now, nor of somebody who may do less.
async fn what_became_of_whoever_is_registered_is_not_told(app: &TestApp) {
    let register = async |email: &str| {
        let answer = post(app, "/credentials/register", registration(email)).await;
        answer.expect(200).json()["person"].clone()
    };
    let (operator, first) = ("operator@company.com", register("ann@company.com").await);
    let named = register(operator).await;
    assert_eq!(named["user"]["roles"], json!(["platform_operations", "platform_standard"]));
    let call = Call::new(Caller::maintenance(), "a test".to_owned());
    let id = UserId::parse(first["user"]["id"].as_str().unwrap()).unwrap();
    app.settle().await;
    let changed = vec![
        EndUserEvent::PlatformRoleAssigned { role: Role::PlatformOperations },
        EndUserEvent::PlatformFeaturesReset {
            features: vec![Feature::PlatformBasic],
            assigned_by_id: app.user(),
        },
    ];
    let mut user = app.ports().end_users.load(&call, id.as_str()).await.unwrap();
    let part = app.ports().end_users.stage(&mut user, changed).unwrap();
    assert!(matches!(app.ports().commit(&call, vec![part]).await, Ok(Committed::Done)));
    app.settle().await;
    let inspected = app.inspected(&id).await;
    assert_ne!(inspected["roles"], first["user"]["roles"]);
    assert_ne!(inspected["features"], first["user"]["features"]);
    assert_eq!(register("ann@company.com").await, first);
    assert_eq!(register(operator).await, named);
}

async fn an_address_of_another_credential_is_refused(app: &TestApp) {
    let email = EmailAddress::parse("ann@company.com").unwrap();
    let digest = app.ports().email_digest(&email);
    let other = app.user();
    let events = Credential::register(
        NewCredential {
            user: other.clone(),
            email,
            email_digest: digest.clone(),
            name: "Ann".to_owned(),
            password: PasswordHash::new("ahash"),
            verification: NewToken {
                token: OneTimeToken::new("atoken"),
                hash: TokenHash::new("thehash"),
            },
        },
        app.now(),
    );
    let take = vec![ClaimRef::platform("credential_email", &digest)];
    let decision = Decision { events, take, release: vec![] };
    let call = Call::new(Caller::maintenance(), "a test".to_owned());
    let _ = app.ports().credentials.create(&call, &other.twin("cred"), decision).await.unwrap();
    let head = app.head().await;
    let answer = post(app, "/credentials/register", registration("Ann@company.com")).await;
    assert_eq!(answer.problem(400)["code"], "email_not_unique");
    assert_eq!((app.head().await, mails(app).await.len()), (head, 0), "nobody was registered");
}

async fn of_simultaneous_registrations_one_makes_a_user(app: &TestApp) {
    let cases = ["ann@company.com", "ANN@company.com", "Ann@Company.com", "aNN@COMPANY.COM"];
    let tries = (0..5).flat_map(|_| cases).map(|email| register(app, email));
    let users: Vec<String> = join_all(tries).await;
    assert!(users.iter().all(|user| *user == users[0]), "{users:?}");
    app.settle().await;
    let begun = app.log().rows().await.into_iter().filter(|row| row.sequence == 1);
    let count = |kind: &str, rows: &[String]| rows.iter().filter(|one| *one == kind).count();
    let begun: Vec<String> = begun.map(|row| row.aggregate_type).collect();
    for kind in ["end_user", "person_credential", "user_profile", "organization"] {
        assert_eq!(count(kind, &begun), 1, "{kind}: {begun:?}");
    }
    let confirming = mails(app).await.into_iter().filter(|(_, _, token)| token.is_some()).count();
    assert_eq!(confirming, 1);
}

/// Of many at once on two hosts, with addresses in every letter case.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hosts_make_one_user_of_an_address() {
    const PEOPLE: usize = 12;
    let app = TestApp::start(Deployment::Postgres).await;
    let other = app.start_beside().await;
    let cases = ["person{}@company.com", "PERSON{}@COMPANY.COM", "Person{}@Company.Com"];
    let tries = (0..PEOPLE).flat_map(|number| {
        let hosts = [&app, &other];
        let ways = hosts.into_iter().flat_map(move |host| cases.map(|case| (host, case)));
        ways.map(move |(host, case)| (number, host, case.replace("{}", &number.to_string())))
    });
    let users = join_all(tries.map(async |(number, host, email)| {
        let answer = register(host, &email).await;
        (number, answer)
    }));
    let mut users: Vec<(usize, String)> = users.await;
    assert_eq!(users.len(), PEOPLE * 6);
    users.sort();
    users.dedup();
    assert_eq!(users.len(), PEOPLE, "{users:?}");
    app.settle().await;
    other.settle().await;
    let rows = app.log().rows().await;
    for kind in ["end_user", "person_credential", "user_profile", "organization"] {
        let begun = rows.iter().filter(|row| row.sequence == 1 && row.aggregate_type == kind);
        assert_eq!(begun.count(), PEOPLE, "{kind}");
    }
    other.finish().await;
    app.finish().await;
}

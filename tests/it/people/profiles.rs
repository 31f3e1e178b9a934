//! Looking at profiles and changing them.

use acceptance::{TestApp, on_every_deployment, registrations::ann};
use application::{Call, Caller, end_users::erase::erase};
use reqwest::Method;
use serde_json::json;

on_every_deployment!(
    details_change_one_by_one,
    what_is_empty_or_the_same_changes_nothing,
    bad_details_are_reported_all_at_once,
    an_address_keeps_what_is_not_named,
    bad_addresses_are_reported_all_at_once,
    only_the_user_itself_changes_its_profile,
    nobody_has_a_profile_too,
    a_token_without_a_user_has_no_profile,
    of_who_was_erased_a_profile_says_nothing,
);

async fn details_change_one_by_one(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let path = format!("/profiles/{}", ann.user);
    for (method, change, member, value) in [
        (
            Method::PUT,
            json!({"firstName": "Bea"}),
            "/name",
            json!({"firstName": "Bea", "lastName": "Miller"}),
        ),
        (Method::PATCH, json!({"lastName": "O’Neil"}), "/name/lastName", json!("O’Neil")),
        (Method::PUT, json!({"displayName": "B."}), "/displayName", json!("B.")),
        (
            Method::PUT,
            json!({"phoneNumber": "+64 9 887 6986"}),
            "/phoneNumber",
            json!("+64 9 887 6986"),
        ),
        (Method::PUT, json!({"timezone": "testTimezone"}), "/timezone", json!("testTimezone")),
        (Method::PUT, json!({"locale": "zh-Hant-TW"}), "/locale", json!("zh-Hant-TW")),
    ] {
        let answer = app.request(method, &path).by(&ann).json(&change).send().await.expect(202);
        let profile = answer.json()["profile"].clone();
        assert_eq!(profile.pointer(member), Some(&value), "{change}");
        let shown = app.profile(&ann).await;
        assert_eq!(shown.pointer(member), Some(&value), "{change}");
    }
    // The display name is the first name only at first.
    assert_eq!(app.profile(&ann).await["emailAddress"], "ann@company.com");
}

async fn what_is_empty_or_the_same_changes_nothing(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let before = (app.head().await, app.profile(&ann).await);
    let path = format!("/profiles/{}", ann.user);
    let empty = json!({
        "firstName": "", "lastName": "", "displayName": "", "phoneNumber": "", "timezone": "",
        "locale": "",
    });
    let same = json!({"firstName": "Ann", "timezone": "Pacific/Auckland", "locale": "en-NZ"});
    for change in [json!({}), empty, same] {
        let _ = app.put(&path).by(&ann).json(&change).send().await.expect(202);
    }
    assert_eq!((app.head().await, app.profile(&ann).await), before);
}

async fn bad_details_are_reported_all_at_once(app: &TestApp) {
    let ann = app.owner();
    let bad = json!({
        "firstName": "<b>", "lastName": "a\tb", "displayName": "a".repeat(101),
        "phoneNumber": "098876986", "timezone": "Middle/Earth", "locale": "en_US",
    });
    let path = format!("/profiles/{}", ann.user);
    let answer = app.put(&path).by(&ann).json(&bad).send().await;
    assert_eq!(answer.failed_rules(), ["RegularExpressionValidator"; 6]);
    let answer = app.put("/profiles/nobody").by(&ann).json(&json!({})).send().await;
    assert_eq!(answer.failed_rules(), ["PredicateValidator"]);
}

async fn an_address_keeps_what_is_not_named(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let path = format!("/profiles/{}/contact", ann.user);
    let whole = json!({
        "line1": "1 Queen Street", "line2": "Level 2", "line3": "Room 3", "city": "Auckland",
        "state": "Auckland", "countryCode": "036", "zip": "1010",
    });
    for (method, change, expected) in [
        (
            Method::PUT,
            whole,
            json!({
                "line1": "1 Queen Street", "line2": "Level 2", "line3": "Room 3", "city": "Auckland",
                "state": "Auckland", "countryCode": "AUS", "zip": "1010",
            }),
        ),
        (
            Method::PATCH,
            json!({"line2": "", "line3": "", "state": "", "countryCode": "NZ"}),
            json!({
                "line1": "1 Queen Street", "city": "Auckland", "countryCode": "NZL", "zip": "1010",
            }),
        ),
        (
            Method::PUT,
            json!({"countryCode": ""}),
            json!({
                "line1": "1 Queen Street", "city": "Auckland", "countryCode": "NZL", "zip": "1010",
            }),
        ),
    ] {
        let answer = app.request(method, &path).by(&ann).json(&change).send().await.expect(202);
        assert_eq!(answer.json()["profile"]["address"], expected);
        assert_eq!(app.profile(&ann).await["address"], expected);
    }
}

async fn bad_addresses_are_reported_all_at_once(app: &TestApp) {
    let ann = app.owner();
    let bad = json!({
        "line1": "<", "line2": "<", "line3": "<", "city": "<", "state": "<", "zip": "<",
        "countryCode": "Atlantis",
    });
    let path = format!("/profiles/{}/contact", ann.user);
    let answer = app.put(&path).by(&ann).json(&bad).send().await;
    assert_eq!(answer.failed_rules(), ["RegularExpressionValidator"; 7]);
}

/// Whether there is such a profile is nobody else's business either.
async fn only_the_user_itself_changes_its_profile(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let before = app.head().await;
    let stranger = app.owner();
    for user in [ann.user.clone(), app.user()] {
        for path in [format!("/profiles/{user}"), format!("/profiles/{user}/contact")] {
            for change in [json!({}), json!({"firstName": "Eve", "city": "Auckland"})] {
                let answer = app.put(&path).by(&stranger).json(&change).send().await;
                assert_eq!(answer.problem(403)["code"], "user_profile_not_owner");
            }
        }
    }
    assert_eq!(app.head().await, before);
}

async fn nobody_has_a_profile_too(app: &TestApp) {
    let nobody = "xxx_anonymous0000000000000";
    let answer = app.get("/profiles/me").send().await.expect(200);
    assert_eq!(
        answer.json()["profile"],
        json!({
            "id": nobody,
            "userId": nobody,
            "classification": "person",
            "displayName": nobody,
            "name": {"firstName": nobody},
            "timezone": "US/Pacific",
            "locale": "en-US",
            "address": {"countryCode": "USA"},
            "isAuthenticated": false,
            "roles": [],
            "features": [],
        })
    );
}

async fn a_token_without_a_user_has_no_profile(app: &TestApp) {
    let owner = app.owner();
    let _ = app.get("/profiles/me").by(&owner).send().await.problem(404);
    let path = format!("/profiles/{}", owner.user);
    let _ = app.put(&path).by(&owner).json(&json!({})).send().await.problem(404);
}

async fn of_who_was_erased_a_profile_says_nothing(app: &TestApp) {
    let ann = app.registered(ann("ann@company.com")).await;
    let path = format!("/profiles/{}", ann.user);
    let change = json!({ "timezone": "Europe/Berlin", "phoneNumber": "+64 9 887 6986" });
    let _ = app.put(&path).by(&ann).json(&change).send().await.expect(202);
    app.settle().await;
    let call = Call::new(Caller::maintenance(), "a test".to_owned());
    erase(app.ports(), &call, &ann.user).await.unwrap();
    app.settle().await;
    let own = app.ports().user_profile_reads.of_user(&ann.user).await.unwrap().unwrap();
    let shown = serde_json::to_value(&own.profile).unwrap();
    assert_eq!(
        shown,
        json!({
            "id": ann.user.twin("profile"),
            "userId": ann.user,
            "classification": "person",
            "displayName": "",
            "name": { "firstName": "" },
            "timezone": "US/Pacific",
            "locale": "en-US",
            "address": { "countryCode": "USA" },
        })
    );
}

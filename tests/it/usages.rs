//! Usages, from what is used to what the provider is told.

use acceptance::{TestApp, on_every_deployment};
use application::{Call, Caller, ports::WorkQueue};
use serde_json::{Value, json};

use crate::identities::{confirmation, mails, post, register, signed_in, value};

on_every_deployment!(
    the_provider_is_told_of_what_was_used,
    an_audit_is_a_usage,
    messages_are_judged,
    what_says_who_somebody_is_is_not_readable_while_it_waits,
    other_hosts_record_through_the_api,
    requests_are_told_of_a_second_later,
    what_people_do_with_their_accounts_is_told,
);

async fn drain(app: &TestApp) {
    assert_eq!(app.post_signed("/usages/drain", &json!({})).await.expect(200).text(), "{}");
}

/// What the provider was told, requests aside.
async fn told(app: &TestApp) -> Vec<Value> {
    let answer = app.get("/testingonly/usages").send().await.expect(200).json();
    let all = answer["usages"].as_array().unwrap().clone();
    all.into_iter().filter(|usage| usage["eventName"] != "http.request").collect()
}

async fn the_provider_is_told_of_what_was_used(app: &TestApp) {
    let owner = app.owner();
    let id = app.register_car(&owner).await;
    assert_eq!(told(app).await, [] as [Value; 0], "it waits");
    app.clock.advance(time::Duration::hours(1));
    drain(app).await;
    let usages = told(app).await;
    let [usage] = usages.as_slice() else { panic!("{usages:?}") };
    assert_eq!(usage["eventName"], "Car Registered");
    assert_eq!(usage["forId"], owner.user.as_str());
    let more = &usage["additional"];
    assert_eq!(more["ResourceId"], id.as_str());
    assert_eq!(more["TenantId"], owner.organization.as_str());
    assert_eq!((&more["Component"], &more["Year"]), (&json!("API"), &json!("2020")));
    assert_eq!(more["Region"], "australiaeast");
    let at = more["Timestamp"].as_str().unwrap();
    assert!(at.starts_with("2026-06-15T12:00:00"), "when it was used, not when it is told: {at}");
    assert!(more["CallId"].is_string());
    let _ = app.post("/testingonly/repositories/destroy").send().await.expect(200);
    assert_eq!(told(app).await.len(), 0);
}

async fn an_audit_is_a_usage(app: &TestApp) {
    let request = app.post("/audits/deliver").header("X-HMAC-Signature", "sha256=no");
    let _ = request.body("application/json", "{}").send().await.problem(401);
    drain(app).await;
    let usages = told(app).await;
    let [usage] = usages.as_slice() else { panic!("{usages:?}") };
    assert_eq!(usage["eventName"], "Audited");
    assert_eq!(usage["additional"]["Code"], "hmacauthentication.failed.invalidsignature");
    assert_eq!(usage["additional"]["UserId"], "xxx_anonymous0000000000000");
}

async fn messages_are_judged(app: &TestApp) {
    let answer = app.post_signed("/usages/deliver", &json!({ "message": "" })).await;
    assert_eq!(answer.failed_rules(), ["NotEmptyValidator"]);
    for message in [
        json!({ "EventName": "a" }),
        json!({ "ForId": "a" }),
        json!({ "ForId": "", "EventName": "a" }),
        json!({ "ForId": "a", "EventName": "a", "Additional": { "a": 1 } }),
    ] {
        let _ = app.deliver("/usages/deliver", &message.to_string()).await.problem(400);
    }
    let message = json!({
        "forid": "auser", "EVENTNAME": "anevent", "Additional": { "A": "b", "C": null },
    });
    let answer = app.deliver("/usages/deliver", &message.to_string()).await.expect(200);
    assert_eq!(answer.json(), json!({ "isSent": true }));
    let expected = json!({ "A": "b", "Region": "unknown" });
    assert_eq!(told(app).await[0]["additional"], expected);
}

async fn what_says_who_somebody_is_is_not_readable_while_it_waits(app: &TestApp) {
    let call = Call::new(Caller::anonymous(), "acall".into());
    let user = app.user();
    let properties = [("UserIdOverride", json!(user)), ("EmailAddress", json!("ann@company.com"))];
    app.ports().usage(&call, "User Login", &properties).unwrap();
    app.ports().flush(&call).await.unwrap();
    let waiting = app.log().kept().await;
    assert!(waiting.contains(user.as_str()) && !waiting.contains("company.com"), "{waiting}");
    drain(app).await;
    assert_eq!(told(app).await[0]["additional"]["EmailAddress"], "ann@company.com");
}

async fn other_hosts_record_through_the_api(app: &TestApp) {
    let body = json!({ "eventName": "Page Seen", "additional": { "A": 1, "B": true, "C": null } });
    for path in ["/record/measure", "/record/use"] {
        assert_eq!(app.post_signed(path, &body).await.expect(200).text(), "{}");
        let _ = app.post(path).json(&body).send().await.problem(401);
        let answer = app.post_signed(path, &json!({})).await;
        assert_eq!(answer.failed_rules(), ["NotEmptyValidator"]);
        for additional in
            [json!({ "": "a" }), json!({ "A": "" }), json!({ "A": "<a>" }), json!({ "A": {} })]
        {
            let body = json!({ "eventName": "a", "additional": additional });
            let _ = app.post_signed(path, &body).await.problem(400);
        }
    }
    drain(app).await;
    let mut usages = told(app).await;
    // What was refused was audited.
    usages.retain(|usage| usage["eventName"] != "Audited");
    assert_eq!(usages.len(), 2, "{usages:?}");
    let maintenance = "xxx_maintenance00000000001";
    assert!(usages.iter().all(|usage| usage["forId"] == maintenance), "{usages:?}");
    let measured = usages.iter().find(|usage| usage["eventName"] == "Measured").unwrap();
    assert_eq!(measured["additional"]["Metric"], "page seen");
    let used = usages.iter().find(|usage| usage["eventName"] == "Page Seen").unwrap();
    assert_eq!((&used["additional"]["A"], &used["additional"]["B"]), (&json!("1"), &json!("true")));
    assert!(used["additional"].get("C").is_none());
}

async fn requests_are_told_of_a_second_later(app: &TestApp) {
    let owner = app.owner();
    let _ = app.get("/cars?filter=id").by(&owner).send().await.expect(200);
    let begun = std::time::Instant::now();
    loop {
        drain(app).await;
        let answer = app.get("/testingonly/usages").send().await.expect(200).json();
        let all = answer["usages"].as_array().unwrap();
        if let Some(request) =
            all.iter().find(|usage| usage["additional"]["EndPoint"] == "searchcarsrequest")
        {
            assert_eq!(request["eventName"], "http.request");
            assert_eq!(request["forId"], owner.user.as_str());
            assert_eq!(request["additional"]["Route"], "/cars");
            assert_eq!(request["additional"]["Status"], "200");
            break;
        }
        assert!(begun.elapsed().as_secs() < 10, "{all:?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(app.standing(WorkQueue::Usages).await.1, 0);
}

/// Each with the properties that say of whom and of what.
async fn what_people_do_with_their_accounts_is_told(app: &TestApp) {
    const EMAIL: &str = "ann@company.com";
    let user = register(app, EMAIL).await;
    app.settle().await;
    register(app, EMAIL).await;
    let token = json!({ "token": confirmation(app, &user).await });
    let _ = post(app, "/credentials/confirm-registration", token).await.expect(200);
    let tokens = signed_in(app, EMAIL).await;
    let refresh = json!({ "refreshToken": value(&tokens, "refreshToken") });
    let _ = post(app, "/tokens/refresh", refresh).await.expect(200);
    let (access, path) = (value(&tokens, "accessToken"), format!("/profiles/{user}"));
    let change = app.put(&path).bearer(access).json(&json!({ "timezone": "Europe/Berlin" }));
    let _ = change.send().await.expect(202);
    let invite =
        app.post("/invitations").bearer(access).json(&json!({ "email": "bea@company.com" }));
    let _ = invite.send().await.expect(200);
    let _ = mails(app).await;
    let _ = post(app, "/credentials/reset", json!({ "emailAddress": EMAIL })).await.expect(200);
    let reset = mails(app).await.pop().unwrap().2.unwrap();
    let path = format!("/credentials/{reset}/reset/complete");
    let _ = post(app, &path, json!({ "password": "2Password!" })).await.expect(200);
    app.settle().await;
    drain(app).await;

    let usages = told(app).await;
    let twin = |prefix: &str| user.replace("user_", &format!("{prefix}_"));
    let (organization, profile) = (twin("org"), twin("profile"));
    let all: &[(&str, &[(&str, &str)])] = &[
        (
            "User Registration Created",
            &[
                ("ResourceId", &user),
                ("UserIdOverride", &user),
                ("Name", "Ann Miller"),
                ("EmailAddress", EMAIL),
            ],
        ),
        ("Membership Added", &[("UserIdOverride", &user), ("TenantIdOverride", &organization)]),
        ("User Registration ReAttempted", &[("ResourceId", &user), ("EmailAddress", EMAIL)]),
        ("User Registered", &[("ResourceId", &user)]),
        (
            "User Login",
            &[
                ("AuthProvider", "credentials"),
                ("UserIdOverride", &user),
                ("Name", "Ann Miller"),
                ("EmailAddress", EMAIL),
                ("DefaultOrganizationId", &organization),
            ],
        ),
        ("User Extended Login", &[("AuthProvider", "credentials"), ("UserIdOverride", &user)]),
        (
            "User Profile Updated",
            &[
                ("ResourceId", &profile),
                ("UserIdOverride", &user),
                ("Name", "Ann Miller"),
                ("Classification", "person"),
                ("Timezone", "Europe/Berlin"),
                ("CountryCode", "USA"),
                ("EmailAddress", EMAIL),
            ],
        ),
        ("User Guest Invited", &[("EmailAddress", "bea@company.com")]),
        ("User Password Forgotten", &[("ResourceId", &user)]),
        ("User Password Reset", &[("ResourceId", &user)]),
    ];
    for (name, properties) in all {
        let matches = |usage: &&Value| {
            let has = |(property, wanted): &(&str, &str)| usage["additional"][property] == *wanted;
            usage["eventName"] == *name && properties.iter().all(has)
        };
        assert!(usages.iter().any(|usage| matches(&usage)), "{name} {properties:?}: {usages:#?}");
    }
    let invited = usages.iter().find(|usage| usage["eventName"] == "User Guest Invited").unwrap();
    assert!(invited["additional"]["ResourceId"].as_str().unwrap().starts_with("user_"));
    assert!(usages.iter().all(|usage| usage["additional"].get("Id").is_none()), "{usages:#?}");
}

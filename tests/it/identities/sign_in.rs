//! Signing in.

use acceptance::{TestApp, on_every_deployment};
use application::{Call, Caller, Committed};
use domain::end_users::{Access, Classification, EndUserEvent, UserStatus};
use futures_util::future::join_all;
use serde_json::json;
use time::Duration;

use super::{PASSWORD, audited, confirmed, post, register, sign_in, signed_in, value};

on_every_deployment!(
    tokens_open_what_the_person_may_see,
    a_wrong_password_and_an_unknown_user_look_the_same,
    nobody_signs_in_before_it_is_confirmed,
    five_wrong_passwords_lock_for_a_while,
    an_address_that_nobody_has_locks_as_an_account_does,
    wrong_passwords_count_for_a_day_whoever_has_the_address,
    who_is_suspended_is_told_so_and_audited_now_and_then,
    wrong_passwords_at_the_same_moment_are_all_counted,
    every_sign_in_is_a_session_of_its_own,
);

async fn tokens_open_what_the_person_may_see(app: &TestApp) {
    let user = confirmed(app, "ann@company.com").await;
    app.settle().await;
    let _ = audited(app).await;
    let tokens =
        sign_in(app, "ANN@Company.com", PASSWORD).await.expect(200).json()["tokens"].clone();
    assert_eq!(tokens["userId"], user.as_str());
    assert_eq!(tokens["accessToken"]["type"], "accessToken");
    assert_eq!(tokens["refreshToken"]["type"], "refreshToken");
    assert_eq!(tokens["accessToken"]["expiresOn"], "2026-06-15T12:15:00Z");
    assert_eq!(tokens["refreshToken"]["expiresOn"], "2026-06-29T12:00:00Z");
    assert_eq!(audited(app).await, ["Authentication.Password.Passed"]);
    let access = value(&tokens, "accessToken");
    let me = app.get("/users/me").bearer(access).send().await.expect(200).json();
    let identity = json!({ "id": user, "hasCredentials": true, "isMfaEnabled": false });
    assert_eq!(me, json!({ "identity": identity }));
    // The personal organization is there, and its owner may use it.
    let car = app.post("/cars").bearer(access).json(&crate::honda()).send().await;
    let _ = car.expect(201);
}

async fn a_wrong_password_and_an_unknown_user_look_the_same(app: &TestApp) {
    confirmed(app, "ann@company.com").await;
    let wrong = sign_in(app, "ann@company.com", "9Password!").await.problem(401);
    let unknown = sign_in(app, "nobody@company.com", "9Password!").await.problem(401);
    assert_eq!(wrong, unknown);
    assert_eq!(wrong["detail"], "unexplained");
    let weak = sign_in(app, "ann@company.com", "a-secret").await;
    assert!(!weak.text().contains("a-secret"), "{weak}");
    assert_eq!(weak.failed_rules(), ["ValidatorValidator"]);
    assert_eq!(post(app, "/credentials/auth", json!({})).await.failed_rules().len(), 2);
}

async fn nobody_signs_in_before_it_is_confirmed(app: &TestApp) {
    register(app, "ann@company.com").await;
    let _ = audited(app).await;
    let problem = sign_in(app, "ann@company.com", PASSWORD).await.problem(405);
    assert_eq!(problem["code"], "account_not_verified");
    assert_eq!(audited(app).await, ["Authentication.Password.Failed.BeforeVerified"]);
}

async fn five_wrong_passwords_lock_for_a_while(app: &TestApp) {
    confirmed(app, "ann@company.com").await;
    let _ = audited(app).await;
    // What can be no password is refused, and does not count.
    for _ in 0..5 {
        let _ = sign_in(app, "ann@company.com", "a-secret").await.problem(400);
    }
    for _ in 0..5 {
        let _ = sign_in(app, "ann@company.com", "9Password!").await.problem(401);
    }
    let problem = sign_in(app, "ann@company.com", PASSWORD).await.problem(423);
    assert_eq!(problem["code"], "account_locked");
    let audits = audited(app).await;
    assert_eq!(audits[..5], ["Authentication.Password.Failed.InvalidCredentials"; 5]);
    assert_eq!(audits[5..], ["Authentication.Password.Failed.AccountLocked"]);
    app.clock.advance(Duration::minutes(4) + Duration::seconds(59));
    let _ = sign_in(app, "ann@company.com", PASSWORD).await.problem(423);
    app.clock.advance(Duration::seconds(1));
    let _ = sign_in(app, "ann@company.com", "9Password!").await.problem(401);
    signed_in(app, "ann@company.com").await;
}

async fn an_address_that_nobody_has_locks_as_an_account_does(app: &TestApp) {
    confirmed(app, "ann@company.com").await;
    let tried = async |email: &str| sign_in(app, email, "9Password!").await;
    let both = async |status: u16| {
        let known = tried("ann@company.com").await.problem(status);
        assert_eq!(known, tried("Nobody@company.com").await.problem(status));
    };
    for _ in 0..5 {
        both(401).await;
    }
    both(423).await;
    app.clock.advance(Duration::minutes(4) + Duration::seconds(59));
    both(423).await;
    app.clock.advance(Duration::seconds(1));
    for _ in 0..5 {
        both(401).await;
    }
    both(423).await;
    // Whoever registers it is not locked out.
    confirmed(app, "nobody@company.com").await;
    signed_in(app, "nobody@company.com").await;
}

async fn wrong_passwords_count_for_a_day_whoever_has_the_address(app: &TestApp) {
    confirmed(app, "ann@company.com").await;
    let both = async |status: u16| {
        for email in ["ann@company.com", "nobody@company.com"] {
            let _ = sign_in(app, email, "9Password!").await.problem(status);
        }
    };
    for _ in 0..4 {
        both(401).await;
    }
    app.clock.advance(Duration::days(1) + Duration::seconds(1));
    for _ in 0..4 {
        both(401).await;
    }
    app.clock.advance(Duration::days(1));
    both(401).await;
    both(423).await;
}

async fn who_is_suspended_is_told_so_and_audited_now_and_then(app: &TestApp) {
    let id = confirmed(app, "ann@company.com").await;
    app.settle().await;
    suspend(app, &id).await;
    let _ = audited(app).await;
    for _ in 0..3 {
        let problem = sign_in(app, "ann@company.com", PASSWORD).await.problem(423);
        assert_eq!(problem["code"], "account_suspended");
    }
    let code = "Authentication.Password.Failed.AccountSuspended";
    assert_eq!(audited(app).await, [code; 2]);
    app.clock.advance(Duration::days(1));
    let _ = sign_in(app, "ann@company.com", "9Password!").await.problem(423);
    assert_eq!(audited(app).await, [code]);
}

/// Nothing suspends anybody yet but erasing, after which the address is free before long.
async fn suspend(app: &TestApp, id: &str) {
    let call = Call::new(Caller::maintenance(), "a test".to_owned());
    let mut user = app.ports().end_users.load(&call, id).await.unwrap();
    let suspended = EndUserEvent::Created {
        access: Access::Suspended,
        status: UserStatus::Registered,
        classification: Classification::Person,
        host_region: "somewhere".to_owned(),
    };
    let part = app.ports().end_users.stage(&mut user, vec![suspended]).unwrap();
    let done = app.ports().commit(&call, vec![part]).await.unwrap();
    assert!(matches!(done, Committed::Done), "{done:?}");
}

async fn wrong_passwords_at_the_same_moment_are_all_counted(app: &TestApp) {
    confirmed(app, "ann@company.com").await;
    for email in ["ann@company.com", "nobody@company.com"] {
        let tries = (0..40).map(|_| sign_in(app, email, "9Password!"));
        let statuses: Vec<u16> =
            join_all(tries).await.iter().map(|answer| answer.status.as_u16()).collect();
        let count = |status| statuses.iter().filter(|one| **one == status).count();
        assert_eq!((count(401), count(423)), (5, 35), "{email} {statuses:?}");
    }
}

async fn every_sign_in_is_a_session_of_its_own(app: &TestApp) {
    confirmed(app, "ann@company.com").await;
    let (one, other) =
        (signed_in(app, "ann@company.com").await, signed_in(app, "ann@company.com").await);
    for tokens in [one, other] {
        let refresh = json!({ "refreshToken": value(&tokens, "refreshToken") });
        let _ = post(app, "/tokens/refresh", refresh).await.expect(200);
    }
}

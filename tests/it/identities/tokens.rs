//! Refresh tokens.

use acceptance::{Answer, Database, TestApp, on_every_deployment};
use application::{Call, Caller};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::kernel::UserId;
use serde_json::{Value, json};
use time::Duration;

use super::{audited, confirmed, post, signed_in, value};

on_every_deployment!(
    tokens_are_refreshed_again_and_again,
    a_spent_token_ends_its_session_and_no_other,
    a_lost_answer_can_be_asked_for_once_more,
    of_two_answers_at_once_one_counts,
    an_answer_whose_access_token_was_used_was_not_lost,
    a_token_ends_after_two_weeks,
    a_session_can_be_ended,
    malformed_and_unknown_tokens_are_refused,
    who_has_no_password_is_told_so,
    who_is_suspended_gets_no_more_tokens,
);

const EMAIL: &str = "ann@company.com";

async fn refresh(app: &TestApp, token: &str) -> Answer {
    post(app, "/tokens/refresh", json!({ "refreshToken": token })).await
}

async fn refreshed(app: &TestApp, tokens: &Value) -> Value {
    refresh(app, value(tokens, "refreshToken")).await.expect(200).json()["tokens"].clone()
}

async fn begin(app: &TestApp) -> Value {
    confirmed(app, EMAIL).await;
    signed_in(app, EMAIL).await
}

fn claims(tokens: &Value) -> Value {
    let part = value(tokens, "accessToken").split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

async fn tokens_are_refreshed_again_and_again(app: &TestApp) {
    let first = begin(app).await;
    let mut tokens = first.clone();
    let _ = audited(app).await;
    for _ in 0..3 {
        app.clock.advance(Duration::minutes(16));
        let next = refreshed(app, &tokens).await;
        assert_ne!(value(&next, "refreshToken"), value(&tokens, "refreshToken"));
        let _ = app.get("/users/me").bearer(value(&next, "accessToken")).send().await.expect(200);
        tokens = next;
    }
    assert_eq!(audited(app).await, ["Authentication.Any.Refreshed.Passed"; 3]);
    assert_eq!(claims(&tokens)["auth_time"], claims(&first)["auth_time"]);
    assert_ne!(claims(&tokens)["jti"], claims(&first)["jti"]);
}

async fn a_spent_token_ends_its_session_and_no_other(app: &TestApp) {
    let first = begin(app).await;
    let other = signed_in(app, EMAIL).await;
    let second = refreshed(app, &first).await;
    app.clock.advance(Duration::seconds(11));
    let _ = audited(app).await;
    let problem = refresh(app, value(&first, "refreshToken")).await.problem(401);
    assert_eq!(problem["detail"], "unexplained");
    let _ = refresh(app, value(&first, "refreshToken")).await.problem(401);
    let told = ["Authentication.Any.Refreshed.Failed.TokenReused"];
    assert_eq!(audited(app).await, told, "once for each session");
    let _ = refresh(app, value(&second, "refreshToken")).await.problem(401);
    refreshed(app, &other).await;
}

async fn a_lost_answer_can_be_asked_for_once_more(app: &TestApp) {
    let first = begin(app).await;
    let lost = refreshed(app, &first).await;
    app.clock.advance(Duration::seconds(10));
    let again = refreshed(app, &first).await;
    let third = refreshed(app, &again).await;
    let _ = refresh(app, value(&lost, "refreshToken")).await.problem(401);
    let _ = refresh(app, value(&third, "refreshToken")).await.problem(401);
    // Who used the answer did not lose it.
    let first = signed_in(app, EMAIL).await;
    let second = refreshed(app, &first).await;
    let third = refreshed(app, &second).await;
    let _ = refresh(app, value(&first, "refreshToken")).await.problem(401);
    let _ = refresh(app, value(&third, "refreshToken")).await.problem(401);
}

async fn of_two_answers_at_once_one_counts(app: &TestApp) {
    let tokens = begin(app).await;
    let spent = value(&tokens, "refreshToken");
    let (one, other) = tokio::join!(refresh(app, spent), refresh(app, spent));
    let [one, other] = [one, other].map(|answer| answer.expect(200).json()["tokens"].clone());
    let mut counted = 0;
    for tokens in [one, other] {
        counted += u32::from(refresh(app, value(&tokens, "refreshToken")).await.status == 200);
    }
    assert!(counted <= 1, "there are two sessions");
}

async fn use_access(app: &TestApp, tokens: &Value) {
    let _ = app.get("/users/me").bearer(value(tokens, "accessToken")).send().await.expect(200);
}

async fn an_answer_whose_access_token_was_used_was_not_lost(app: &TestApp) {
    let first = begin(app).await;
    // That of the token itself was used, which says nothing about the answer.
    use_access(app, &first).await;
    let lost = refreshed(app, &first).await;
    let again = refreshed(app, &first).await;
    use_access(app, &again).await;
    let _ = refresh(app, value(&first, "refreshToken")).await.problem(401);
    let _ = refresh(app, value(&again, "refreshToken")).await.problem(401);
    let _ = refresh(app, value(&lost, "refreshToken")).await.problem(401);
    // Of several answers none may have been used.
    let first = signed_in(app, EMAIL).await;
    let lost = refreshed(app, &first).await;
    let again = refreshed(app, &first).await;
    use_access(app, &lost).await;
    let _ = refresh(app, value(&first, "refreshToken")).await.problem(401);
    let _ = refresh(app, value(&again, "refreshToken")).await.problem(401);
}

async fn a_token_ends_after_two_weeks(app: &TestApp) {
    let tokens = begin(app).await;
    app.clock.advance(Duration::days(14) - Duration::seconds(1));
    let tokens = refreshed(app, &tokens).await;
    app.clock.advance(Duration::days(14));
    let _ = refresh(app, value(&tokens, "refreshToken")).await.problem(401);
}

async fn a_session_can_be_ended(app: &TestApp) {
    let tokens = begin(app).await;
    let other = signed_in(app, EMAIL).await;
    let tokens = refreshed(app, &tokens).await;
    let path = format!("/tokens/{}", value(&tokens, "refreshToken"));
    let _ = app.delete(&path).send().await.expect(204);
    let _ = app.delete(&path).send().await.problem(401);
    let _ = refresh(app, value(&tokens, "refreshToken")).await.problem(401);
    let _ = app.get("/users/me").bearer(value(&tokens, "accessToken")).send().await.expect(200);
    refreshed(app, &other).await;
}

async fn malformed_and_unknown_tokens_are_refused(app: &TestApp) {
    let rules = post(app, "/tokens/refresh", json!({})).await.failed_rules();
    assert_eq!(rules, ["NotEmptyValidator"]);
    let answer = refresh(app, "a-secret").await;
    assert!(!answer.text().contains("a-secret"), "{answer}");
    assert_eq!(answer.failed_rules(), ["RegularExpressionValidator"]);
    let _ = refresh(app, &"a".repeat(43)).await.problem(401);
    let answer = app.delete("/tokens/a-secret").send().await;
    assert!(!answer.text().contains("a-secret"), "{answer}");
    let _ = answer.problem(400);
    let _ = app.delete(&format!("/tokens/{}", "a".repeat(43))).send().await.problem(401);
    let keyed = app.post("/tokens/refresh").header("idempotency-key", "one");
    let _ = keyed.json(&json!({ "refreshToken": "a".repeat(43) })).send().await.problem(400);
}

async fn who_has_no_password_is_told_so(app: &TestApp) {
    let owner = app.owner();
    let me = app.get("/users/me").by(&owner).send().await.expect(200).json();
    assert_eq!(me["identity"]["hasCredentials"], false);
    let _ = app.get("/users/me").send().await.problem(401);
}

async fn who_is_suspended_gets_no_more_tokens(app: &TestApp) {
    let tokens = begin(app).await;
    app.settle().await;
    let user = UserId::parse(tokens["userId"].as_str().unwrap()).unwrap();
    let call = Call::new(Caller::maintenance(), "a test".to_owned());
    // Who is erased is suspended, too.
    application::end_users::erase::erase(app.ports(), &call, &user).await.unwrap();
    app.settle().await;
    let _ = audited(app).await;
    let problem = refresh(app, value(&tokens, "refreshToken")).await.problem(423);
    assert_eq!(problem["code"], "account_suspended");
    assert_eq!(audited(app).await, ["Authentication.Any.Refreshed.Failed.AccountSuspended"]);
}

/// Whichever host sees an access token, the one that is asked for new tokens knows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_used_on_another_host_was_not_lost() {
    let one = TestApp::start_on(Database::create().await, |environment| environment).await;
    let other = one.start_beside().await;
    let first = begin(&one).await;
    let second = refreshed(&one, &first).await;
    use_access(&other, &second).await;
    let _ = refresh(&one, value(&first, "refreshToken")).await.problem(401);
    let _ = refresh(&one, value(&second, "refreshToken")).await.problem(401);
    other.finish().await;
    one.finish().await;
}

//! Confirming a registration.

use acceptance::{TestApp, on_every_deployment};
use serde_json::{Value, json};

use super::{confirmation, confirmed, mails, post, register};

on_every_deployment!(
    a_token_confirms_once,
    a_token_confirms_for_a_day,
    another_token_can_be_asked_for_until_it_is_confirmed,
    only_tokens_have_the_form_of_tokens,
);

const CONFIRM: &str = "/credentials/confirm-registration";
const RENEW: &str = "/credentials/confirm-registration/renew";
const WELCOME: &str = "Welcome to Groundwork";

fn token(text: &str) -> Value {
    json!({ "token": text })
}

async fn a_token_confirms_once(app: &TestApp) {
    let user = register(app, "ann@company.com").await;
    let text = confirmation(app, &user).await;
    assert_eq!(post(app, CONFIRM, token(&text)).await.expect(200).text(), "{}");
    let _ = post(app, CONFIRM, token(&text)).await.problem(404);
    let path = format!("{CONFIRM}?userId={user}");
    let _ = app.get(&path).send().await.problem(405);
    let _ = app.get(&format!("{CONFIRM}?userId={}", app.user())).send().await.problem(404);
}

async fn a_token_confirms_for_a_day(app: &TestApp) {
    let user = register(app, "ann@company.com").await;
    let text = confirmation(app, &user).await;
    app.clock.advance(time::Duration::hours(24));
    let _ = post(app, CONFIRM, token(&text)).await.problem(405);
    let renew = json!({ "emailAddress": "Ann@company.com" });
    let _ = mails(app).await;
    assert_eq!(post(app, RENEW, renew).await.expect(200).text(), "{}");
    let _ = post(app, CONFIRM, token(&text)).await.problem(404);
    let mails = mails(app).await;
    let [(to, subject, Some(renewed))] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!((to.as_str(), subject.as_str()), ("ann@company.com", WELCOME));
    assert_eq!(*renewed, confirmation(app, &user).await);
    assert_eq!(post(app, CONFIRM, token(renewed)).await.expect(200).text(), "{}");
}

async fn another_token_can_be_asked_for_until_it_is_confirmed(app: &TestApp) {
    confirmed(app, "ann@company.com").await;
    app.settle().await;
    let _ = mails(app).await;
    app.settle().await;
    let head = app.head().await;
    for email in ["ann@company.com", "nobody@company.com"] {
        let answer = post(app, RENEW, json!({ "emailAddress": email })).await.expect(200);
        assert_eq!(answer.text(), "{}");
    }
    assert_eq!((mails(app).await.len(), app.head().await), (0, head));
    let rules = post(app, RENEW, json!({ "emailAddress": "ann" })).await.failed_rules();
    assert_eq!(rules, ["EmailAddressValidator"]);
}

async fn only_tokens_have_the_form_of_tokens(app: &TestApp) {
    assert_eq!(post(app, CONFIRM, json!({})).await.failed_rules(), ["NotEmptyValidator"]);
    let answer = post(app, CONFIRM, token("a-secret")).await;
    assert!(!answer.text().contains("a-secret"), "{answer}");
    assert_eq!(answer.failed_rules(), ["RegularExpressionValidator"]);
    let _ = post(app, CONFIRM, token(&"a".repeat(43))).await.problem(404);
}

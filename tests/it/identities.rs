//! Identities: passwords and the tokens of sign-ins, on every deployment.

pub(crate) mod api_keys;
mod confirm;
mod keys;
mod limits;
mod machines;
mod reads;
mod register;
mod repeats;
mod reset;
mod sign_in;
mod tokens;

use acceptance::{Answer, TestApp};
use application::ports::WorkQueue;
use serde_json::{Value, json};

const PASSWORD: &str = "1Password!";

/// Somebody who wants to register.
pub(crate) fn registration(email: &str) -> Value {
    json!({
        "emailAddress": email,
        "firstName": "Ann",
        "lastName": "Miller",
        "password": PASSWORD,
        "termsAndConditionsAccepted": true,
    })
}

/// Posts a body. No header of the answer tells whether anything happened, and so who is known.
pub(crate) async fn post(app: &TestApp, path: &str, body: Value) -> Answer {
    let answer = app.post(path).json(&body).send().await;
    for header in ["etag", "consistency-token"] {
        assert_eq!(answer.header(header), "", "{path}: {answer}");
    }
    answer
}

/// Registers somebody; the user's id.
pub(crate) async fn register(app: &TestApp, email: &str) -> String {
    let answer = post(app, "/credentials/register", registration(email)).await.expect(200);
    answer.json()["person"]["user"]["id"].as_str().unwrap().to_owned()
}

/// Registers somebody and confirms it; the user's id.
async fn confirmed(app: &TestApp, email: &str) -> String {
    let user = register(app, email).await;
    let token = confirmation(app, &user).await;
    let confirm = json!({ "token": token });
    let answer = post(app, "/credentials/confirm-registration", confirm).await.expect(200);
    assert_eq!(answer.text(), "{}");
    user
}

/// The token that confirms a registration.
pub(crate) async fn confirmation(app: &TestApp, user: &str) -> String {
    let path = format!("/credentials/confirm-registration?userId={user}");
    let answer = app.get(&path).send().await.expect(200);
    answer.json()["token"].as_str().unwrap().to_owned()
}

/// Tries to sign in.
async fn sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    post(app, "/credentials/auth", json!({ "username": email, "password": password })).await
}

/// Signs in; the tokens.
pub(crate) async fn signed_in(app: &TestApp, email: &str) -> Value {
    sign_in(app, email, PASSWORD).await.expect(200).json()["tokens"].clone()
}

/// The value of a token.
pub(crate) fn value<'a>(tokens: &'a Value, kind: &str) -> &'a str {
    tokens[kind]["value"].as_str().unwrap()
}

/// E-mails that wait: to whom, their subject, and the token in them.
pub(crate) async fn mails(app: &TestApp) -> Vec<(String, String, Option<String>)> {
    let mut mails = vec![];
    while let Some(taken) = app.ports().work.take(WorkQueue::Emails, 1).await.unwrap().pop() {
        let html = serde_json::from_str::<Value>(&taken.message.body).unwrap()["Html"].clone();
        let text = |name: &str| html[name].as_str().unwrap_or_default().to_owned();
        let body = text("Body");
        let token = body.split_once("?token=").map(|(_, rest)| {
            let is_token = |c: &char| c.is_ascii_alphanumeric() || "-_+".contains(*c);
            rest.chars().take_while(is_token).collect()
        });
        mails.push((text("ToEmailAddress"), text("Subject"), token));
        app.ports().work.handled(&[taken]).await.unwrap();
    }
    mails
}

/// The codes of audits that wait.
pub(crate) async fn audited(app: &TestApp) -> Vec<String> {
    let mut codes = vec![];
    while let Some(taken) = app.ports().work.take(WorkQueue::Audits, 1).await.unwrap().pop() {
        let message: Value = serde_json::from_str(&taken.message.body).unwrap();
        codes.push(message["AuditCode"].as_str().unwrap().to_owned());
        app.ports().work.handled(&[taken]).await.unwrap();
    }
    codes
}

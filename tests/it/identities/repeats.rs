//! Commands that spend a token and come again with the same `Idempotency-Key`.

use acceptance::{Answer, TestApp, on_every_deployment};
use serde_json::{Value, json};

use super::{confirmation, confirmed, mails, post, register, signed_in, value};

on_every_deployment!(
    what_spent_its_token_is_answered_as_the_first_time,
    twins_that_spend_a_token_are_both_answered,
    what_was_refused_is_refused_again,
    keys_tell_nobody_whose_address_is_known,
);

const EMAIL: &str = "ann@company.com";

/// What spends something: its path, and its body unless it deletes.
type Command = (String, Option<Value>);

async fn send(app: &TestApp, command: &Command, key: &str) -> Answer {
    let (path, body) = command;
    let request = match body {
        Some(body) => app.post(path).json(body),
        None => app.delete(path),
    };
    request.header("idempotency-key", key).send().await
}

async fn asked(app: &TestApp) -> String {
    let _ = mails(app).await;
    let _ = post(app, "/credentials/reset", json!({ "emailAddress": EMAIL })).await.expect(200);
    mails(app).await.pop().unwrap().2.unwrap()
}

/// Everything that spends a token, each when its turn comes.
async fn command(app: &TestApp, number: usize, user: &str) -> Command {
    match number {
        0 => {
            let renew = json!({ "emailAddress": EMAIL });
            ("/credentials/confirm-registration/renew".into(), Some(renew))
        }
        1 => {
            let confirm = json!({ "token": confirmation(app, user).await });
            ("/credentials/confirm-registration".into(), Some(confirm))
        }
        2 => ("/credentials/reset".into(), Some(json!({ "emailAddress": EMAIL }))),
        3 => (format!("/credentials/{}/reset/resend", asked(app).await), Some(json!({}))),
        4 => {
            let tokens = signed_in(app, EMAIL).await;
            (format!("/tokens/{}", value(&tokens, "refreshToken")), None)
        }
        _ => {
            let password = json!({ "password": "2Password!" });
            (format!("/credentials/{}/reset/complete", asked(app).await), Some(password))
        }
    }
}

fn status(command: &Command) -> u16 {
    if command.1.is_some() { 200 } else { 204 }
}

/// A host may be killed between the commit and keeping the answer.
async fn what_spent_its_token_is_answered_as_the_first_time(app: &TestApp) {
    let user = register(app, EMAIL).await;
    for number in 0..6 {
        let command = command(app, number, &user).await;
        let first = send(app, &command, "k").await.expect(status(&command));
        let _ = mails(app).await;
        app.settle().await;
        let head = app.head().await;
        assert_eq!(send(app, &command, "k").await.expect(status(&command)).text(), first.text());
        app.log().forget_answers().await;
        assert_eq!(send(app, &command, "k").await.expect(status(&command)).text(), first.text());
        app.settle().await;
        assert_eq!((app.head().await, mails(app).await.len()), (head, 0), "{command:?}");
    }
}

async fn twins_that_spend_a_token_are_both_answered(app: &TestApp) {
    let user = register(app, EMAIL).await;
    for number in 0..6 {
        let command = command(app, number, &user).await;
        let twin = || send(app, &command, "twins");
        let (a, b, c) = tokio::join!(twin(), twin(), twin());
        for answer in [a, b, c] {
            let _ = answer.expect(status(&command));
        }
    }
}

async fn what_was_refused_is_refused_again(app: &TestApp) {
    confirmed(app, EMAIL).await;
    let tokens = signed_in(app, EMAIL).await;
    let spent = value(&tokens, "refreshToken");
    let refresh = json!({ "refreshToken": spent });
    let _ = post(app, "/tokens/refresh", refresh).await.expect(200);
    let revoke = (format!("/tokens/{spent}"), None);
    // The first of them ends the session.
    for _ in 0..2 {
        let _ = send(app, &revoke, "k").await.problem(401);
    }
}

/// Whoever is signed in has keys of its own; one that is used up would tell what was done with it.
async fn keys_tell_nobody_whose_address_is_known(app: &TestApp) {
    register(app, "unconfirmed@company.com").await;
    confirmed(app, "confirmed@company.com").await;
    let curious = app.owner();
    let people = ["unconfirmed@company.com", "confirmed@company.com", "nobody@company.com"];
    let ask = async |path: &str, key: &str, body: Value| {
        let request = app.post(path).bearer(&curious.token).json(&body);
        let _ = request.header("idempotency-key", key).send().await.expect(200);
    };
    for email in people {
        for path in ["/credentials/confirm-registration/renew", "/credentials/register"] {
            ask(path, email, super::registration(email)).await;
            ask(path, email, super::registration(&format!("other-{email}"))).await;
        }
    }
    for email in ["confirmed@company.com", "somebody@company.com"] {
        ask("/credentials/reset", email, json!({ "emailAddress": email })).await;
        ask("/credentials/reset", email, json!({ "emailAddress": "any@company.com" })).await;
    }
}
